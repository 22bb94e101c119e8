"""Answering items."""

from uuid import UUID

from sqlalchemy.orm import Session

from intact_core.records.checklist import AuditChecklist
from intact_desktop.store.rows import row_of


def rate(session: Session, item_id: UUID, rating: str | None) -> None:
    """Rate an item, or take its rating away; raises RuleBroken once the report is signed."""
    row_of(session, AuditChecklist, item_id).rating = rating


def note(session: Session, item_id: UUID, text: str) -> None:
    """Keep what the auditor noted at an item."""
    row_of(session, AuditChecklist, item_id).auditor_finding = text or None
