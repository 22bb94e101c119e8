"""Contracts with clients: drafted, signed, terminated."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import (
    Body,
    Day,
    Filters,
    Flag,
    Long,
    Moment,
    Number,
    Reason,
    Shown,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import contracts as service
from sync_server.services.contracts import CONTRACT_BY_DAY, CONTRACTS

Status = Literal["draft", "active", "expired", "terminated"]


class ContractChanges(Body):
    start_date: Day | None = None
    end_date: Day | None = None
    auto_renew: Flag | None = None
    terms_and_conditions: Long | None = None


class NewContract(ContractChanges):
    """Begins as a draft. The quotation, where there is one, was accepted by the same client."""

    client_id: UUID
    quotation_id: UUID | None = None
    contract_number: Number | None = None
    start_date: Day
    end_date: Day


class Signing(Body):
    signature_data: Annotated[str, Field(min_length=1, max_length=500_000)] = Field(
        description="Base64 (RFC 4648, either alphabet), also as a data URL"
    )


class Termination(Body):
    termination_reason: Reason


class ShownContract(Shown):
    """`expired` follows from `end_date` and the day, unless the contract renews itself."""

    client_id: UUID
    quotation_id: UUID | None
    contract_number: str
    start_date: date
    end_date: date
    auto_renew: bool
    terms_and_conditions: str | None
    status: Status
    signed_at: Moment | None
    termination_reason: str | None


class WholeContract(ShownContract):
    signature_data: str | None


class ContractFilters(Filters):
    search: str | None = None
    status: Status | None = None
    client_id: UUID | None = None


CONTRACT = Resource(
    CONTRACTS,
    "contracts",
    "contract",
    ShownContract,
    ContractFilters,
    NewContract,
    ContractChanges,
    single=WholeContract,
    computed={"status": CONTRACT_BY_DAY.of},
    create=service.create_contract,
    change=service.change_contract,
)
router = router_of(CONTRACT, "Contracts")
add_single(router, CONTRACT)
routers = (router,)


@router.post("/{id}/sign", **shows(WholeContract))
def sign(id: UUID, given: Signing, ask: Annotated[Ask, needs("contract", "approve")]) -> Response:
    """Sign a draft, once; it is active from then on."""
    with ask.writing() as session:
        row = service.sign(session, ask.caller, id, given.signature_data)
        return CONTRACT.done(session, row, "Contract signed")


@router.post("/{id}/terminate", **shows(WholeContract))
def terminate(
    id: UUID, given: Termination, ask: Annotated[Ask, needs("contract", "approve")]
) -> Response:
    """End an active contract before its time."""
    with ask.writing() as session:
        row = service.terminate(session, ask.caller, id, given.termination_reason)
        return CONTRACT.done(session, row, "Contract terminated")
