"""Records, their fields and their values as people call them."""

from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QCoreApplication

from intact_desktop.qt import words

_DATE, _MOMENT = 10, 20


def _tr(text: str) -> str:
    return QCoreApplication.translate("records", text)


def field_words(name: str) -> str:
    """What a field is called."""
    known = {
        "auditor_finding": _tr("Note"),
        "severity": _tr("Grade"),
        "requirement_reference": _tr("Requirement"),
        "description": _tr("Statement"),
        "nc_number": _tr("Number"),
        "deleted_at": _tr("Removed"),
        "deleted_reason": _tr("Reason for removing"),
        "due_date": _tr("Due"),
        "workflow_status": _tr("State"),
    }
    return known.get(name) or name.removesuffix("_id").replace("_", " ").capitalize()


def kind_words(type_: str) -> str:
    """What a kind of record is called."""
    known = {
        "audit_checklists": _tr("Checklist item"),
        "non_conformities": _tr("Finding"),
        "audit_evidence": _tr("Evidence"),
        "audit_documentation": _tr("Documentation"),
        "audit_recommendations": _tr("Recommendation"),
        "audit_schedules": _tr("Audit"),
        "audit_plan_entries": _tr("Plan"),
        "audit_attendances": _tr("Attendance"),
        "audit_reports": _tr("Report"),
        "report_amendments": _tr("Amendment of the report"),
        "signatures": _tr("Signature"),
        "conflicts": _tr("Conflict"),
        "finding_items": _tr("Item of a finding"),
        "audit_status_history": _tr("History"),
    }
    return known.get(type_) or type_.replace("_", " ").capitalize()


def record_words(type_: str, subject: str) -> str:
    """What a record is, and which."""
    return f"{kind_words(type_)} {subject}".strip()


def value_words(kind: str, value: Any) -> str:
    """A wire value as people read it; `kind` is text, choice, yes_no or line."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _tr("Yes") if value else _tr("No")
    if kind == "choice":
        return words.word(str(value))
    return _time_words(value) if kind == "line" else str(value)


def _time_words(value: Any) -> str:
    text = str(value)
    try:
        if len(text) == _DATE:
            return words.day(date.fromisoformat(text))
        if len(text) >= _MOMENT and text[4] == "-":
            return words.moment(datetime.fromisoformat(text))
    except ValueError:
        return text
    return text
