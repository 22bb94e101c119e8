"""Competence of people per standard: who may audit, who may decide (ISO/IEC 17021-1, 7.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, not_, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.people import AuditorCompetency, User
from intact_core.records.standards import Standard
from sync_server.services.records import Kind

LEVELS = ("trainee", "auditor", "lead", "technical_expert", "decider")
_DECIDES = "decider"


@dataclass(frozen=True)
class CompetenceRow:
    """One competence as a list shows it; `is_valid` on the present day."""

    person: str
    standard: str
    level: str
    until: date | None
    is_valid: bool


def competences(session: Session) -> Sequence[CompetenceRow]:
    """All competences, by person and standard."""
    record = AuditorCompetency
    query = (
        select(record, User, Standard)
        .join(User, User.id == record.user_id)
        .join(Standard, Standard.id == record.standard_id)
        .where(record.deleted_at.is_(None))
        .order_by(User.last_name, User.first_name, Standard.standard_code)
    )
    return [
        CompetenceRow(user.full_name, standard.title, row.competency_level, until, valid)
        for row, user, standard in session.execute(query)
        for until in [row.expiry_date.date() if row.expiry_date else None]
        for valid in [until is None or until >= clock.today()]
    ]


def standards(session: Session) -> Sequence[Standard]:
    """The standards that a person can be competent for."""
    query = select(Standard).where(Standard.deleted_at.is_(None), Standard.is_active.is_(True))
    return session.scalars(query.order_by(Standard.standard_code, Standard.version)).all()


def record_competence(
    session: Session, user_id: UUID, standard_id: UUID, level: str, until: date
) -> AuditorCompetency:
    """Record that a person was assessed today; raises BadInput for what cannot be."""
    user = session.scalar(select(User).where(User.id == user_id, User.deleted_at.is_(None)))
    standard = session.scalar(select(Standard).where(Standard.id == standard_id))
    if user is None or user.client_id is not None or standard is None or level not in LEVELS:
        raise BadInput("Choose a member of staff, a standard and a level from the lists.")
    if until <= clock.today():
        raise BadInput("The competence must end after today.")
    row = AuditorCompetency(
        user_id=user_id,
        standard_id=standard_id,
        competency_level=level,
        assessment_date=clock.now(),
        expiry_date=datetime.combine(until, time.min, UTC),
    )
    session.add(row)
    session.flush()
    return row


def midnight(day: date | None) -> datetime | None:
    """A day as competences hold it: its first moment, UTC."""
    return None if day is None else datetime.combine(day, time.min, UTC)


def status_today(row: Any) -> str:
    """`valid` up to and with the last day, `expired` after it."""
    past = row.expiry_date is not None and row.expiry_date.date() < clock.today()
    return "expired" if past else "valid"


def with_status(status: str) -> ColumnElement[bool]:
    """The condition for `status_today`."""
    today = datetime.combine(clock.today(), time.min, UTC)
    past = AuditorCompetency.expiry_date.is_not(None) & (AuditorCompetency.expiry_date < today)
    return past if status == "expired" else not_(past)


def _checked(session: Session, row: AuditorCompetency) -> None:
    person = session.scalar(
        select(User).where(User.id == row.user_id).with_for_update(key_share=True)
    )
    if person is None or person.client_id is not None:
        raise BadInput("user_id: only a member of staff can be competent. Check the id.")
    if row.assessment_date and row.assessment_date > clock.now() + timedelta(days=1):
        raise BadInput("assessment_date must not be in the future.")
    if row.assessment_date and row.expiry_date and row.expiry_date <= row.assessment_date:
        raise BadInput("expiry_date must be after assessment_date.")
    _check_only_one(session, row)


def _check_only_one(session: Session, row: AuditorCompetency) -> None:
    # To audit and to decide are two functions (7.1.2): a person may hold one row of each.
    decides = AuditorCompetency.competency_level == _DECIDES
    same = select(AuditorCompetency.id).where(
        AuditorCompetency.user_id == row.user_id,
        AuditorCompetency.standard_id == row.standard_id,
        AuditorCompetency.id != row.id,
        AuditorCompetency.deleted_at.is_(None),
        decides if row.competency_level == _DECIDES else not_(decides),
    )
    if session.scalar(same.limit(1)) is not None:
        raise RuleBroken(
            "duplicate",
            "This person's competence for this standard is recorded already. Change that record.",
            place=Place("auditor_competencies", row.id, "standard_id"),
        )


COMPETENCES = Kind(
    AuditorCompetency,
    "competence",
    search=("notes",),
    computed={"status": with_status},
    check=_checked,
)
