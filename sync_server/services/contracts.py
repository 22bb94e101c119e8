"""Contracts: the agreement with a client, signed once (ISO/IEC 17021-1, 5.1.2)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.contracts import Application, Contract, Quotation
from intact_core.rules.clauses import clause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.by_day import ByDay
from sync_server.services.clients import CLIENTS, of_client
from sync_server.services.quotations import QUOTATIONS
from sync_server.services.records import Kind

LARGEST_SIGNATURE = 300_000
"""Bytes of a signature; a drawn one has some thousands."""
_FREE_ONCE_SIGNED = frozenset({"auto_renew"})


def _in_order(session: Session, row: Contract) -> None:
    del session
    if row.end_date <= row.start_date:
        raise BadInput(f"end_date {row.end_date} must be after start_date {row.start_date}.")


def _is_draft(session: Session, row: Contract) -> None:
    del session
    if row.status != "draft":
        raise RuleBroken(
            "signed",
            "Only a draft can be removed: this contract was signed. Terminate it instead.",
            clause=clause("records"),
            place=Place("contracts", row.id, "status"),
        )


CONTRACT_BY_DAY = ByDay(
    Contract,
    stored="active",
    shown="expired",
    over=lambda day: and_(Contract.end_date < day, Contract.auto_renew.is_(False)),
    is_over=lambda row, day: row.end_date < day and not row.auto_renew,
)
CONTRACTS = Kind(
    Contract,
    "contract",
    search=("contract_number",),
    number=("contract_number", "CT"),
    visible=of_client(Contract),
    computed={"status": CONTRACT_BY_DAY.where},
    unlisted=frozenset({"signature_data"}),
    check=_in_order,
    may_remove=_is_draft,
)


def create_contract(session: Session, caller: Caller, values: Mapping[str, Any]) -> Contract:
    """Make a draft. Raises BadInput for another client's quotation, RuleBroken for an open one."""
    client = records.referred(session, caller, CLIENTS, values, "client_id")
    if values.get("quotation_id") is not None:
        quotation = records.referred(session, caller, QUOTATIONS, values, "quotation_id")
        _check_quotation(session, quotation, client.id)
    return records.create(session, caller, CONTRACTS, values)


def change_contract(
    session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]
) -> Contract:
    """Change a draft. What was signed stays, except whether it renews itself."""
    row = records.one(session, caller, CONTRACTS, id_, lock=True)
    free = _FREE_ONCE_SIGNED if row.status == "active" else frozenset[str]()
    if row.status != "draft" and values.keys() - free:
        raise RuleBroken(
            "signed",
            f"This contract is '{row.status}' and stays as it was signed; while it is active, "
            "only auto_renew can change. Make a new contract for other terms.",
            place=Place("contracts", row.id, "status"),
        )
    return records.change(session, caller, CONTRACTS, id_, values)


def sign(session: Session, caller: Caller, id_: UUID, signature: str) -> Contract:
    """Sign a draft once; `signature` is base64, also as a data URL. Raises BadInput, RuleBroken."""
    row = records.one(session, caller, CONTRACTS, id_, lock=True)
    records.step(CONTRACTS, row, "active")
    _check_signature(signature)
    if CONTRACT_BY_DAY.of(row) == "expired":
        raise RuleBroken(
            "expired",
            f"This contract would have ended on {row.end_date}. Give it a later end first.",
            place=Place("contracts", row.id, "end_date"),
        )
    row.signature_data, row.signed_at = signature, clock.now()
    session.flush()
    return row


def terminate(session: Session, caller: Caller, id_: UUID, reason: str) -> Contract:
    """End an active contract before its time. Raises RuleBroken, also for an expired one."""
    row = records.one(session, caller, CONTRACTS, id_, lock=True)
    if CONTRACT_BY_DAY.of(row) == "expired":
        raise RuleBroken(
            "expired",
            f"This contract ended on {row.end_date}, so there is nothing to terminate.",
            place=Place("contracts", row.id, "end_date"),
        )
    records.step(CONTRACTS, row, "terminated")
    row.termination_reason = reason
    session.flush()
    return row


def _check_quotation(session: Session, quotation: Quotation, client_id: UUID) -> None:
    application = session.get_one(Application, (quotation.tenant_id, quotation.application_id))
    if application.client_id != client_id:
        raise BadInput("quotation_id: this quotation was made for another client. Check the id.")
    if quotation.status != "accepted":
        raise RuleBroken(
            "not_accepted",
            "This quotation is not accepted yet. A contract follows from an accepted one, or "
            "from none.",
            place=Place("quotations", quotation.id, "status"),
        )


def _check_signature(signature: str) -> None:
    content = signature.rpartition(";base64,")[2] if signature.startswith("data:") else signature
    # Both alphabets of RFC 4648, with or without the padding.
    plain = content.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        found = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise BadInput("signature_data must be base64 (RFC 4648) and not empty.")
    if len(found) > LARGEST_SIGNATURE:
        raise BadInput(f"signature_data holds {LARGEST_SIGNATURE} bytes at most.")
