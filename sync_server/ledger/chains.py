"""Devices' chains: where each ends, what its history is, and what becomes of a fork."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography import x509
from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection, Row

from intact_core import clock, ids
from intact_core.documents.x509_certificates import key_hash
from intact_core.errors import IntactError, NotAllowed
from intact_core.sync.operations import GENESIS
from sync_server.tables.base import table_of
from sync_server.tables.ledger import Device, OpReceipt

_DEVICES = table_of(Device)
_RECEIPTS = table_of(OpReceipt)
_DEVICE = select(_DEVICES).where(
    _DEVICES.c.tenant_id == bindparam("tenant"), _DEVICES.c.id == bindparam("device")
)
_LOCKED_DEVICE = _DEVICE.with_for_update()


class ChainGap(IntactError):
    """Operations are missing before these: the device sends from `expected` on."""

    title = "Operations are missing"

    def __init__(self, expected: int) -> None:
        super().__init__(f"The server expects operation {expected} next.")
        self.expected = expected


class ChainFork(IntactError):
    """Two histories for the same n: a copied or restored laptop."""

    title = "Two histories of one laptop"
    code = "fork"

    def __init__(self) -> None:
        super().__init__("This laptop's history differs from the one on the server.")


@dataclass(frozen=True)
class ChainEnd:
    """The last operation that the server holds of a device."""

    last_n: int
    chain_hash: str


def device_row(
    connection: Connection, tenant_id: UUID, device_id: UUID, *, lock: bool = False
) -> Row[Any]:
    """The device's row; raises NotAllowed when there is none."""
    query = _LOCKED_DEVICE if lock else _DEVICE
    found = connection.execute(query, {"tenant": tenant_id, "device": device_id}).first()
    if found is None:
        raise NotAllowed("This laptop is not enrolled any more. Ask the office to enrol it again.")
    return found


def stored(
    connection: Connection, tenant_id: UUID, device_id: UUID, first: int, last: int
) -> Sequence[Row[Any]]:
    """Hash and receipt of operations `first` to `last`, those of its predecessors included."""
    device = device_row(connection, tenant_id, device_id)
    before: Sequence[Row[Any]] = []
    if device.parent_id is not None and first <= device.parent_n:
        until = min(last, device.parent_n)
        before = stored(connection, tenant_id, device.parent_id, first, until)
        first = device.parent_n + 1
    query = (
        select(_RECEIPTS.c.hash, _RECEIPTS.c.receipt)
        .where(
            _RECEIPTS.c.tenant_id == tenant_id,
            _RECEIPTS.c.device_id == device_id,
            _RECEIPTS.c.n.between(first, last),
        )
        .order_by(_RECEIPTS.c.n)
    )
    return [*before, *connection.execute(query)]


def hash_at(connection: Connection, tenant_id: UUID, device_id: UUID, n: int) -> str | None:
    """The chain's hash after operation n, or None when the server has no such operation."""
    if n == 0:
        return GENESIS
    found = stored(connection, tenant_id, device_id, n, n)
    return found[0].hash if found else None


def check_name(name: UUID, certificate: x509.Certificate) -> None:
    """Raises NotAllowed unless the name was made for the certificate's key.

    A restored server knows neither all names nor whose they are: nobody may take another's.
    """
    if not ids.is_bound(name, key_hash(certificate)):
        raise NotAllowed("This name is not one that this laptop may take.")


def succeed(
    connection: Connection,
    tenant_id: UUID,
    device_id: UUID,
    new_id: UUID,
    chain: Iterable[tuple[int, str]],
) -> ChainEnd:
    """Give a copied or restored laptop a name of its own; returns where its chain begins.

    `chain` are (n, hash) of the laptop, newest first. The new device inherits the history up to
    the newest that agrees; what it did after it comes again under the new name, and operations
    that the server knows by their id get their stored verdict. Asking twice changes nothing.
    """
    mine = {"tenant": tenant_id, "device": new_id}
    if (known := connection.execute(_DEVICE, mine).first()) is not None:
        if known.parent_id != device_id:
            raise NotAllowed("This name is taken.")
        return ChainEnd(known.last_n, known.chain_hash)
    parent = device_row(connection, tenant_id, device_id)
    check_name(new_id, x509.load_pem_x509_certificate(parent.certificate.encode()))
    shared = (
        ChainEnd(n, value)
        for n, value in chain
        if hash_at(connection, tenant_id, device_id, n) == value
    )
    start = next(shared, ChainEnd(0, GENESIS))
    values = dict(parent._mapping) | {
        "id": new_id,
        "last_n": start.last_n,
        "chain_hash": start.chain_hash,
        "parent_id": device_id,
        "parent_n": start.last_n,
        "enrolled_at": clock.now(),
        "seen_at": None,
    }
    connection.execute(_DEVICES.insert().values(values))
    return start
