"""Competence of people per standard: who may audit, who may decide (ISO/IEC 17021-1, 7.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput
from intact_core.records.people import AuditorCompetency, User
from intact_core.records.standards import Standard

LEVELS = ("trainee", "auditor", "lead", "technical_expert", "decider")


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
