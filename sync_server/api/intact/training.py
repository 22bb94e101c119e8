"""Training records, auditor competencies, declared interests."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Amount,
    Body,
    Day,
    Filters,
    Line,
    Long,
    Percent,
    Shown,
    Text,
    Web,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of
from sync_server.auth.callers import Caller
from sync_server.services import competences, interests, records, training

Level = Literal["trainee", "auditor", "lead", "technical_expert", "decider"]
TrainingStatus = Literal["pending", "completed", "expired"]
Interest = Literal["consultancy", "internal_audit", "employment", "other"]


class TrainingChanges(Body):
    model_config = example(score=95)

    course_name: Line | None = None
    provider: Text | None = None
    completion_date: Day | None = None
    expiry_date: Day | None = None
    score: Percent | None = None
    status: Literal["pending", "completed"] | None = None
    certificate_url: Web | None = None


class NewTraining(TrainingChanges):
    """Without a status: completed when it has a completion date, else pending."""

    model_config = example(
        user_id=EXAMPLE_ID,
        course_name="Lead Auditor Training",
        provider="IRCA",
        completion_date="2025-06-15",
        expiry_date="2028-06-14",
        score=92,
        status="completed",
        certificate_url="https://example.com/cert.pdf",
    )

    user_id: UUID
    course_name: Line


class ShownTraining(Shown):
    """`status` is that of today: `expired` follows from `expiry_date`."""

    user_id: UUID
    course_name: str
    provider: str | None
    completion_date: Day | None
    expiry_date: Day | None
    score: Amount | None
    status: TrainingStatus
    certificate_url: str | None


class TrainingFilters(Filters):
    search: str | None = None
    user_id: UUID | None = None
    status: TrainingStatus | None = None


class CompetencyChanges(Body):
    model_config = example(competency_level="auditor")

    competency_level: Level | None = None
    assessment_date: Day | None = None
    expiry_date: Day | None = None
    notes: Long | None = None


class NewCompetency(CompetencyChanges):
    model_config = example(
        user_id=EXAMPLE_ID,
        standard_id=EXAMPLE_ID,
        competency_level="lead",
        assessment_date="2025-06-15",
        expiry_date="2028-06-14",
        notes="Qualified for ISO 9001 lead audits",
    )

    user_id: UUID
    standard_id: UUID
    competency_level: Level


class ShownCompetency(Shown):
    """`status` is that of today and follows from `expiry_date`."""

    user_id: UUID
    standard_id: UUID
    competency_level: Level
    assessment_date: Day | None
    expiry_date: Day | None
    notes: str | None
    status: Literal["valid", "expired"]


class CompetencyFilters(Filters):
    user_id: UUID | None = None
    standard_id: UUID | None = None
    competency_level: Level | None = None
    status: Literal["valid", "expired"] | None = None


class InterestChanges(Body):
    model_config = example(ended_on="2025-03-31")

    ended_on: Day | None = None
    notes: Long | None = None


class NewInterest(InterestChanges):
    """Work for a client; it bars the person from its audits for two years after it ended."""

    model_config = example(
        user_id=EXAMPLE_ID,
        client_id=EXAMPLE_ID,
        kind="consultancy",
        ended_on="2025-03-31",
    )

    user_id: UUID
    client_id: UUID
    kind: Interest


class ShownInterest(Shown):
    user_id: UUID
    client_id: UUID
    kind: Interest
    ended_on: Day | None
    notes: str | None


class InterestFilters(Filters):
    user_id: UUID | None = None
    client_id: UUID | None = None
    kind: Interest | None = None


def _moments(values: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: competences.midnight(values[name]) for name in _DAYS if name in values}
    return {**values, **days}


def _record(session: Session, caller: Caller, values: dict[str, Any]) -> Any:
    return records.create(session, caller, competences.COMPETENCES, _moments(values))


def _change(session: Session, caller: Caller, id_: UUID, values: dict[str, Any]) -> Any:
    return records.change(session, caller, competences.COMPETENCES, id_, _moments(values))


def _day(value: datetime | None) -> date | None:
    return None if value is None else value.date()


_DAYS = ("assessment_date", "expiry_date")
TRAINING = Resource(
    training.TRAINING,
    "training-records",
    "training_record",
    ShownTraining,
    TrainingFilters,
    NewTraining,
    TrainingChanges,
    computed={"status": training.status_today},
    create=training.record_training,
)
COMPETENCY = Resource(
    competences.COMPETENCES,
    "auditor-competencies",
    "auditor_competency",
    ShownCompetency,
    CompetencyFilters,
    NewCompetency,
    CompetencyChanges,
    computed={
        "status": competences.status_today,
        "assessment_date": lambda row: _day(row.assessment_date),
        "expiry_date": lambda row: _day(row.expiry_date),
    },
    create=_record,
    change=_change,
)
INTEREST = Resource(
    interests.INTERESTS,
    "declared-interests",
    "declared_interest",
    ShownInterest,
    InterestFilters,
    NewInterest,
    InterestChanges,
)

_TAGS = ("Training records", "Auditor competencies", "Declared interests")
_RESOURCES = (TRAINING, COMPETENCY, INTEREST)
routers = tuple(router_of(one, tag) for one, tag in zip(_RESOURCES, _TAGS, strict=True))
for router, resource in zip(routers, _RESOURCES, strict=True):
    add_single(router, resource)
