"""Fields and values of any record in words, and texts with their differences marked."""

import html
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QCoreApplication

from intact_desktop.features.conflicts.differences import Part, differences
from intact_desktop.features.conflicts.queries import Field
from intact_desktop.qt import theme, words

_DATE, _MOMENT = 10, 20


def _tr(text: str) -> str:
    return QCoreApplication.translate("conflicts", text)


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


def record_words(type_: str, subject: str) -> str:
    """What a record is, and which."""
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
        "signatures": _tr("Signature"),
        "conflicts": _tr("Conflict"),
        "finding_items": _tr("Item of a finding"),
        "audit_status_history": _tr("History"),
    }
    kind = known.get(type_) or type_.replace("_", " ").capitalize()
    return f"{kind} {subject}".strip()


def kind_words(kind: str) -> str:
    """What sort of conflict it is, in a sentence."""
    known = {
        "edit": _tr("Two people wrote this at the same time."),
        "state": _tr("Two people moved this on in ways that do not fit together."),
        "delete_edit": _tr("One removed this while the other changed it."),
        "possible_duplicate": _tr("Two records came to have the same number."),
    }
    return known.get(kind, kind)


def value_words(field: Field, value: Any) -> str:
    """A value as people read it; empty where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _tr("Yes") if value else _tr("No")
    if field.kind == "choice":
        return words.word(str(value))
    return _time_words(value) if field.kind == "line" else str(value)


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


def marked_html(field: Field, base: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """A side's value as rich text; in a long text what differs from the base is marked."""
    new = value_words(field, values.get(field.name))
    if field.name not in values:
        return f"<i>{html.escape(_tr('unchanged'))}</i>"
    if not new:
        return f"<i>{html.escape(_tr('nothing'))}</i>"
    old = value_words(field, base.get(field.name))
    if field.kind != "text" or not old:
        return _escaped(new)
    return "".join(_piece(part, text) for part, text in differences(old, new))


def _piece(part: Part, text: str) -> str:
    chosen = theme.colours()
    if part is Part.ADDED:
        style = f"background-color:{chosen.selection}; text-decoration:underline"
    elif part is Part.GONE:
        style = f"color:{chosen.muted}; text-decoration:line-through"
    else:
        return _escaped(text)
    # What is gone and what took its place must not run into one word.
    gap = " " if part is Part.GONE and not text.endswith((" ", "\n")) else ""
    return f'<span style="{style}">{_escaped(text)}</span>{gap}'


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
