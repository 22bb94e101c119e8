"""Certificates with their history, and verifying one by its number: public."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from intact_core.errors import NotFound
from intact_core.records.certificates import Certificate
from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Many, One, success
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Body,
    CertificateNumber,
    Day,
    Filters,
    Long,
    Reason,
    Shown,
    example,
)
from sync_server.api.intact.resources import ERRORS, Resource, add_single, router_of, shows
from sync_server.auth.permissions import database_of, keys_of, public_limit, settings_of
from sync_server.services import certificate_actions, records
from sync_server.services.certificate_actions import CERTIFICATES, HISTORY, Renewal, Wanted
from sync_server.services.certificates import Issuer
from sync_server.services.clients import CLIENTS
from sync_server.services.public_certificates import verify_number

Status = Literal["active", "suspended", "withdrawn", "expired"]
Ground = Literal[
    "nonconformity", "audit_refused", "client_wish", "misuse_of_marks", "unpaid_fees", "other"
]
Action = Literal["issued", "renewed", "amended", "suspended", "reinstated", "withdrawn", "expired"]
Decide = Annotated[Ask, needs("certificate", "approve")]


class NewCertificate(Body):
    """Without a number the server gives one; scope and dates follow from audit and decision."""

    model_config = example(
        client_id=EXAMPLE_ID,
        audit_schedule_id=EXAMPLE_ID,
        standard_id=EXAMPLE_ID,
        certificate_number="CERT-2025-001",
        scope="Manufacturing of industrial equipment",
        issue_date="2025-07-20",
        expiry_date="2028-07-19",
        status="active",
    )

    client_id: UUID
    audit_schedule_id: UUID
    standard_id: UUID
    certificate_number: CertificateNumber | None = None
    scope: Reason | None = None
    issue_date: Day | None = None
    expiry_date: Day | None = None
    special_conditions: Long | None = None
    status: Literal["active"] = "active"


class Amendment(Body):
    """What a certificate says. Its state changes through its actions alone."""

    model_config = example(scope="Updated scope")

    scope: Reason | None = None
    special_conditions: Long | None = None
    reason: Reason | None = None


class Suspension(Body):
    model_config = example(suspension_reason="Non-compliance found during surveillance")

    suspension_reason: Reason
    ground: Ground = "other"


class Reinstatement(Body):
    model_config = example(reinstatement_reason="Corrective actions completed")

    reinstatement_reason: Reason


class Withdrawal(Body):
    model_config = example(withdrawal_reason="Client requested voluntary withdrawal")

    withdrawal_reason: Reason


class Extension(Body):
    """Without a date the new expiry follows the old cycle (9.6.3)."""

    model_config = example(audit_schedule_id=EXAMPLE_ID, expiry_date="2031-07-19")

    audit_schedule_id: UUID
    expiry_date: Day | None = None
    renewal_notes: Long | None = None


class ShownCertificate(Shown):
    """`status` as it is today."""

    certificate_number: str
    client_id: UUID
    site_id: UUID | None
    audit_schedule_id: UUID | None
    standard_id: UUID
    scope: str
    status: Status
    is_valid: bool
    issue_date: date
    expiry_date: date
    valid_from: date | None
    valid_until: date | None
    revision: int
    certification_body: str
    accreditation_body: str | None
    accreditation_number: str | None
    special_conditions: str | None
    suspension_ground: Ground | None
    suspension_reason: str | None
    suspension_date: date | None


class CertificateFilters(Filters):
    search: str | None = None
    status: Status | None = None
    client_id: UUID | None = None
    standard_id: UUID | None = None


class ShownEntry(Shown):
    certificate_id: UUID
    client_id: UUID
    action: Action
    reason: str | None
    effective_date: date | None
    audit_schedule_id: UUID | None
    old_values: dict[str, Any] | None
    new_values: dict[str, Any] | None
    performed_by: UUID | None


class HistoryFilters(Filters):
    certificate_id: UUID | None = None
    action: Action | None = None


class Facts(BaseModel):
    """What anybody may know of a certificate whose number they have."""

    certificate_number: str
    client_name: str
    standard: str
    issue_date: date
    expiry_date: date
    status: Literal["active", "suspended", "withdrawn", "expired", "not_yet_valid"]
    is_valid: bool


def _new_values(row: Any) -> dict[str, Any] | None:
    return {k: v for k, v in (row.new_values or {}).items() if k != "before"} or None


CERTIFICATE = Resource(
    CERTIFICATES,
    "certificates",
    "certificate",
    ShownCertificate,
    CertificateFilters,
    removable=False,
    computed={
        "status": certificate_actions.status_today,
        "is_valid": certificate_actions.is_valid,
    },
)
ENTRY = Resource(
    HISTORY,
    "certificate-history",
    "certificate_history",
    ShownEntry,
    HistoryFilters,
    removable=False,
    computed={
        "old_values": lambda row: (row.new_values or {}).get("before"),
        "new_values": _new_values,
    },
)

certificates = router_of(CERTIFICATE, "Certificates")
history = router_of(ENTRY, "Certificate history")
of_clients = APIRouter(prefix="/api/v1/clients", tags=["Certificates"], responses=ERRORS)
routers = (certificates, history, of_clients)


@certificates.post(
    "",
    summary="Issue a certificate",
    status_code=201,
    response_model=None,
    responses={201: {"model": One[ShownCertificate], "description": "Issued"}},
)
def issue(
    ask: Annotated[Ask, needs("certificate", "create")],
    given: NewCertificate,
    idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """The certificate of an audit that was decided positively and has none yet (9.5), with its
    signed document. Not effective before the decision (8.2.2)."""
    del idempotency_key
    wanted = Wanted(
        given.audit_schedule_id,
        given.client_id,
        given.standard_id,
        given.certificate_number,
        given.scope,
        given.issue_date,
        given.expiry_date,
        given.special_conditions,
    )

    def do(session: Session) -> dict[str, Any]:
        row = certificate_actions.grant(session, _issuer(ask), ask.caller, wanted)
        return CERTIFICATE.told(session, row)

    return ask.once(given.model_dump_json(exclude_unset=True).encode(), do)


@certificates.get(
    "/verify/{number}",
    summary="Verify a certificate by its number; no token is needed",
    response_model=One[Facts],
    response_model_exclude_unset=True,
)
def verify(request: Request, number: str) -> dict[str, Any]:
    """Seven facts and no more; an unknown number is not found."""
    public_limit(request)
    found = verify_number(database_of(request), number)
    return success(
        {
            "certificate_number": found.number,
            "client_name": found.client_name,
            "standard": found.standard,
            "issue_date": found.issue_date,
            "expiry_date": found.expiry_date,
            "status": found.status,
            "is_valid": found.is_valid,
        }
    )


for router, resource in ((certificates, CERTIFICATE), (history, ENTRY)):
    add_single(router, resource)


@certificates.put("/{id}", summary="Amend a certificate", **shows(ShownCertificate))
def amend(
    id: UUID,
    ask: Annotated[Ask, needs("certificate", "update")],
    given: Amendment,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A new revision with a new signed document; an active certificate only."""
    with ask.writing() as session:
        records.require_version(session, ask.caller, CERTIFICATES, id, if_match)
        values = given.values()
        row = certificate_actions.amend(session, _issuer(ask), ask.caller, id, values)
        return CERTIFICATE.done(session, row)


@certificates.post("/{id}/suspend", summary="Suspend a certificate", **shows(ShownCertificate))
def suspend(id: UUID, ask: Decide, given: Suspension) -> Response:
    """Active becomes suspended, today (9.6.5). The ground `nonconformity` needs an open one."""
    return _act(
        ask,
        "Certificate suspended",
        lambda session: certificate_actions.suspend(
            session, ask.caller, id, given.suspension_reason, given.ground
        ),
    )


@certificates.post("/{id}/reinstate", summary="Reinstate a certificate", **shows(ShownCertificate))
def reinstate(id: UUID, ask: Decide, given: Reinstatement) -> Response:
    """Suspended becomes active, unless it has expired."""
    return _act(
        ask,
        "Certificate reinstated",
        lambda session: certificate_actions.reinstate(
            session, ask.caller, id, given.reinstatement_reason
        ),
    )


@certificates.post("/{id}/withdraw", summary="Withdraw a certificate", **shows(ShownCertificate))
def withdraw(id: UUID, ask: Decide, given: Withdrawal) -> Response:
    """Active or suspended becomes withdrawn, for good."""
    return _act(
        ask,
        "Certificate withdrawn",
        lambda session: certificate_actions.withdraw(
            session, ask.caller, id, given.withdrawal_reason
        ),
    )


@certificates.post("/{id}/renew", summary="Renew a certificate", **shows(ShownCertificate))
def renew(id: UUID, ask: Decide, given: Extension) -> Response:
    """A later expiry on a recertification audit that was decided positively (9.6.3)."""
    wanted = Renewal(given.audit_schedule_id, given.expiry_date, given.renewal_notes)
    return _act(
        ask,
        "Certificate renewed",
        lambda session: certificate_actions.renew(session, _issuer(ask), ask.caller, id, wanted),
    )


@certificates.get(
    "/{id}/history",
    summary="History of a certificate",
    response_model=None,
    responses={200: {"model": Many[ShownEntry], "description": "One page"}},
)
def history_of(
    id: UUID,
    ask: Annotated[Ask, needs("certificate_history", "read")],
    filters: Annotated[Filters, Query()],
) -> Response:
    """Everything that happened to a certificate, newest first."""
    return ENTRY.below(ask, ("certificate_id", CERTIFICATES), id, filters)


@certificates.get(
    "/{id}/pdf",
    summary="The signed document of a certificate",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The document"}},
)
def document(id: UUID, ask: Annotated[Ask, needs("certificate", "read")]) -> Response:
    """The signed PDF of the present revision."""
    with ask.reading() as session:
        row = records.one(session, ask.caller, CERTIFICATES, id)
    if row.document_sha256 is None:
        raise NotFound("This certificate has no document.")
    content = ask.request.app.state.blobs.read(ask.caller.tenant, row.document_sha256)
    name = "".join(
        char if char.isalnum() or char in "-_." else "_" for char in row.certificate_number
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    return Response(content, 200, headers, "application/pdf")


@of_clients.get(
    "/{id}/certificates",
    summary="Certificates of a client",
    response_model=None,
    responses={200: {"model": Many[ShownCertificate], "description": "One page"}},
)
def certificates_of(
    id: UUID,
    ask: Annotated[Ask, needs("certificate", "read")],
    filters: Annotated[Filters, Query()],
) -> Response:
    """The certificates of a client, newest first."""
    return CERTIFICATE.below(ask, ("client_id", CLIENTS), id, filters)


def _issuer(ask: Ask) -> Issuer:
    request = ask.request
    return Issuer(request.app.state.blobs, keys_of(request), settings_of(request).public_url)


def _act(ask: Ask, message: str, act: Callable[[Session], Certificate]) -> Response:
    with ask.writing() as session:
        return CERTIFICATE.done(session, act(session), message)
