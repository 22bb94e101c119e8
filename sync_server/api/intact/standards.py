"""Accreditations, standards and their clauses."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from sqlalchemy.orm import Session

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Many
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Body,
    Day,
    Filters,
    Flag,
    Line,
    Long,
    Number,
    Shown,
    Text,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.accreditations import ACCREDITATIONS, status_today
from sync_server.services.clauses import CLAUSES, add_clause
from sync_server.services.standard_records import STANDARDS, remove_standard

Status = Literal["active", "suspended", "withdrawn", "expired"]
Level = Literal["shall", "should", "may"]


class AccreditationChanges(Body):
    model_config = example(status="suspended")

    accreditation_body: Line | None = None
    scope: Text | None = None
    issue_date: Day | None = None
    expiry_date: Day | None = None
    status: Status | None = None


class NewAccreditation(AccreditationChanges):
    model_config = example(
        accreditation_body="UKAS",
        accreditation_number="UKAS-001",
        scope="ISO 9001 Certification",
        issue_date="2024-01-01",
        expiry_date="2027-12-31",
        status="active",
    )

    accreditation_body: Line
    accreditation_number: Number | None = None


class ShownAccreditation(Shown):
    """`status` is that of today: `expired` follows from `expiry_date`."""

    accreditation_body: str
    accreditation_number: str | None
    scope: str | None
    issue_date: Day | None
    expiry_date: Day | None
    status: Status


class AccreditationFilters(Filters):
    search: str | None = None
    status: Status | None = None


class StandardChanges(Body):
    model_config = example(is_active=False)

    accreditation_id: UUID | None = None
    standard_name: Text | None = None
    description: Long | None = None
    is_active: Flag | None = None


class NewStandard(StandardChanges):
    """Code and version together are unique."""

    model_config = example(
        accreditation_id=EXAMPLE_ID,
        standard_code="ISO 9001",
        standard_name="Quality Management Systems",
        version="2015",
        description="International standard for quality management",
        is_active=True,
    )

    standard_code: Number
    version: Number | None = None


class ShownStandard(Shown):
    accreditation_id: UUID | None
    standard_code: str
    standard_name: str | None
    version: str | None
    description: str | None
    is_active: bool


class StandardFilters(Filters):
    search: str | None = None
    is_active: bool | None = None
    accreditation_id: UUID | None = None


class ClauseChanges(Body):
    model_config = example(clause_title="Updated title")

    clause_title: Text | None = None
    clause_text: Long | None = None
    requirement_level: Level | None = None


class NewClause(ClauseChanges):
    model_config = example(
        standard_id=EXAMPLE_ID,
        clause_number="4.1",
        clause_title="Understanding the organization",
        clause_text="The organization shall determine external and internal issues...",
        requirement_level="shall",
    )

    standard_id: UUID
    clause_number: Number


class ShownClause(Shown):
    standard_id: UUID
    clause_number: str
    clause_title: str | None
    clause_text: str | None
    requirement_level: Level


class ClauseFilters(Filters):
    search: str | None = None
    standard_id: UUID | None = None


class AllClauses(Filters):
    """A standard's clauses fit on one page, unless pages are asked for."""

    limit: int = Field(1_000, ge=1, le=1_000, description="Items per page")


def _remove_standard(session: Session, caller: Caller, id_: UUID) -> Any:
    return remove_standard(session, caller, id_, "removed through the API")


ACCREDITATION = Resource(
    ACCREDITATIONS,
    "accreditations",
    "accreditation",
    ShownAccreditation,
    AccreditationFilters,
    NewAccreditation,
    AccreditationChanges,
    computed={"status": status_today},
)
STANDARD = Resource(
    STANDARDS,
    "standards",
    "standard",
    ShownStandard,
    StandardFilters,
    NewStandard,
    StandardChanges,
    remove=_remove_standard,
)
CLAUSE = Resource(
    CLAUSES,
    "standard-clauses",
    "standard_clause",
    ShownClause,
    ClauseFilters,
    NewClause,
    ClauseChanges,
    create=add_clause,
)

accreditations = router_of(ACCREDITATION, "Accreditations")
standards = router_of(STANDARD, "Standards")
clauses = router_of(CLAUSE, "Standard clauses")
routers = (accreditations, standards, clauses)
for router, resource in zip(routers, (ACCREDITATION, STANDARD, CLAUSE), strict=True):
    add_single(router, resource)


@standards.get(
    "/{id}/clauses",
    summary="The clauses of a standard, in their order",
    response_model=None,
    responses={200: {"model": Many[ShownClause], "description": "4.2 before 4.10"}},
)
def clauses_of(
    id: UUID,
    ask: Annotated[Ask, needs("standard_clause", "read")],
    filters: Annotated[AllClauses, Query()],
) -> Response:
    """All clauses of a standard on one page; `page` and `limit` are there for those who want."""
    with ask.reading() as session:
        records.one(session, ask.caller, STANDARDS, id)
        wanted = ClauseFilters.model_construct(**filters.model_dump(), standard_id=id)
        return CLAUSE.listing(session, ask.caller, wanted)
