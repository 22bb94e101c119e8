"""The words and marks of the pages: the same as on the laptop."""

from datetime import UTC, date, datetime

MARKS = {
    "major": "◆",
    "minor": "◇",
    "observation": "○",
    "opportunity": "○",
    "compliant": "✓",
    "not_applicable": "–",
}
"""Grades differ in shape, not only in colour."""

WORDS = {
    "draft": "Draft",
    "client_review": "Client review",
    "submitted_to_cb": "Submitted to the body",
    "decided": "Decided",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "major": "Major",
    "minor": "Minor",
    "observation": "Observation",
    "opportunity": "Opportunity for improvement",
    "compliant": "Conforms",
    "not_applicable": "Not applicable",
    "open": "Open",
    "responded": "Answered",
    "accepted": "Answer accepted",
    "verified": "Verified",
    "closed": "Closed",
    "void": "Void",
    "certify": "Certify",
    "certify_conditions": "Certify with conditions",
    "deny": "Do not certify",
    "active": "Valid",
    "suspended": "Suspended",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
    "not_yet_valid": "Not valid yet",
    "lead_auditor": "Lead auditor",
    "auditor": "Auditor",
    "technical_expert": "Technical expert",
    "observer": "Observer",
    "trainee": "Trainee",
    "lead": "Lead auditor",
    "decider": "Decides on certification",
    "initial": "Initial",
    "surveillance": "Surveillance",
    "recertification": "Recertification",
    "special": "Special",
    "stage1": "Stage 1",
    "stage2": "Stage 2",
    "pades": "Digital signature",
    "drawn": "Drawn by hand, sealed",
    "admin": "Administrator",
    "cb_admin": "CB admin",
    "reviewer": "Reviewer",
    "client_user": "Client",
    "platform": "Operator",
    "issued": "Issued",
    "nonconformity": "Non-conformity",
    "client_wish": "The client's wish",
    "server": "Server",
    "incoming": "Laptop",
    "trial": "Trial",
    "non_conformities": "Finding",
    "audit_checklists": "Checklist item",
    "audit_documentation": "Documentation",
    "audit_evidence": "Evidence",
    "audit_recommendations": "Recommendation",
    "audit_schedules": "Audit",
    "auditor_finding": "Note",
    "description": "Statement",
    "nc_number": "Number",
    "deleted_reason": "Reason for removing",
    "status": "Progress",
    "workflow": "Way to the decision",
}
"""How a value of the records is called."""


def label(value: object) -> str:
    """A value's or a field's name in words."""
    text = str(value)
    return WORDS.get(text) or text.replace("_", " ").capitalize()


def day(value: date | None) -> str:
    """1 Mar 2026; a dash where there is none."""
    return f"{value.day} {value:%b %Y}" if value else "–"


def moment(value: datetime | None) -> str:
    """1 Mar 2026, 14:02 UTC; a dash where there is none."""
    if value is None:
        return "–"
    utc = value.astimezone(UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def size(value: int) -> str:
    """Bytes for people."""
    if value < 1000:
        return f"{value} B"
    if value < 1_000_000:
        return f"{value / 1000:.0f} kB"
    return f"{value / 1_000_000:.1f} MB"
