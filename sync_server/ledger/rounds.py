"""A round of sync with one device: where its chain stands, taking in, giving out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update
from sqlalchemy.engine import Connection, Row

from intact_core import clock, ids
from intact_core.errors import BadInput, IntactError, NotAllowed
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import GENESIS, Operation, Receipt
from intact_core.sync.protocol import Push, PushAnswer
from sync_server.ledger.ingest import Link, Source, ingest
from sync_server.ledger.scopes import scopes_of
from sync_server.tables.base import table_of
from sync_server.tables.ledger import Device, OpReceipt, ServerEpoch

_DEVICES = table_of(Device)
_RECEIPTS = table_of(OpReceipt)


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


@dataclass(frozen=True)
class ChainEnd:
    """The last operation that the server holds of a device."""

    last_n: int
    chain_hash: str


def epoch_of(connection: Connection) -> str:
    """The epoch of this server's history; begun when there is none."""
    table = table_of(ServerEpoch)
    found = connection.scalar(select(table.c.epoch).order_by(table.c.since.desc()).limit(1))
    return found or ""


def begin_epoch(connection: Connection) -> str:
    """A new epoch: at the first start, and after a backup was restored."""
    epoch = str(ids.new_id())
    connection.execute(table_of(ServerEpoch).insert().values(epoch=epoch, since=clock.now()))
    return epoch


def _device(
    connection: Connection, tenant_id: UUID, device_id: UUID, *, lock: bool
) -> Row[tuple[object, ...]]:
    query = select(_DEVICES).where(_DEVICES.c.tenant_id == tenant_id, _DEVICES.c.id == device_id)
    found = connection.execute(query.with_for_update() if lock else query).first()
    if found is None or found.revoked_at is not None:
        raise NotAllowed("This laptop is not enrolled any more. Ask the office to enrol it again.")
    return found


def chain_end(connection: Connection, tenant_id: UUID, device_id: UUID) -> ChainEnd:
    """Where the device's chain ends on the server; raises NotAllowed when it was revoked."""
    found = _device(connection, tenant_id, device_id, lock=False)
    return ChainEnd(found.last_n, found.chain_hash)


def hash_at(connection: Connection, tenant_id: UUID, device_id: UUID, n: int) -> str | None:
    """The chain's hash after operation n, or None when the server has no such operation."""
    if n == 0:
        return GENESIS
    query = select(_RECEIPTS.c.hash).where(
        _RECEIPTS.c.tenant_id == tenant_id,
        _RECEIPTS.c.device_id == device_id,
        _RECEIPTS.c.n == n,
    )
    return connection.scalar(query)


def take_push(
    connection: Connection, tenant_id: UUID, device_id: UUID, actor: Actor, push: Push
) -> PushAnswer:
    """Take in a push: known operations get their stored receipt, new ones a verdict.

    Raises ChainGap when operations are missing before these, ChainFork when the device's history
    differs from the stored one, BadInput for a body that is none. One transaction, the caller's.
    """
    device = _device(connection, tenant_id, device_id, lock=True)
    links = _links(push)
    _check_signature(device.certificate, links[-1].hash, push.signature)
    first, last_n = links[0].operation.n, device.last_n
    if first > last_n + 1:
        raise ChainGap(last_n + 1)
    if hash_at(connection, tenant_id, device_id, first - 1) != push.prev_hash:
        raise ChainFork("This laptop's history differs from the one on the server.")
    known = [one for one in links if one.operation.n <= last_n]
    new = links[len(known) :]
    receipts = _known(connection, tenant_id, device_id, known)
    if new:
        scopes = frozenset(scopes_of(connection, tenant_id, device.user_id))
        receipts += ingest(connection, Source(tenant_id, device_id, actor, scopes), new)
        last_n = new[-1].operation.n
        connection.execute(
            update(_DEVICES)
            .where(_DEVICES.c.tenant_id == tenant_id, _DEVICES.c.id == device_id)
            .values(last_n=last_n, chain_hash=new[-1].hash, seen_at=clock.now())
        )
    chain_hash = new[-1].hash if new else device.chain_hash
    return PushAnswer(receipts, last_n, chain_hash)


def _links(push: Push) -> list[Link]:
    links: list[Link] = []
    previous = push.prev_hash
    for part in push.operations:
        raw = bytes(part)
        try:
            operation = msgspec.json.decode(raw, type=Operation)
        except msgspec.DecodeError as error:
            raise BadInput("An operation in the push has the wrong form.") from error
        previous = hashlib.sha256(previous.encode() + raw).hexdigest()
        links.append(Link(operation, raw, previous))
    numbers = [one.operation.n for one in links]
    if not links or any(after != before + 1 for before, after in pairwise(numbers)):
        raise BadInput("A push holds consecutive operations.")
    return links


def _check_signature(certificate_pem: str, chain_hash: str, signature: str) -> None:
    key = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise NotAllowed("The laptop's key is of the wrong kind.")
    try:
        key.verify(bytes.fromhex(signature), chain_hash.encode(), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise NotAllowed("The operations are not signed by this laptop's key.") from error


def _known(
    connection: Connection, tenant_id: UUID, device_id: UUID, links: Sequence[Link]
) -> list[Receipt]:
    if not links:
        return []
    query = (
        select(_RECEIPTS.c.hash, _RECEIPTS.c.receipt)
        .where(
            _RECEIPTS.c.tenant_id == tenant_id,
            _RECEIPTS.c.device_id == device_id,
            _RECEIPTS.c.n.between(links[0].operation.n, links[-1].operation.n),
        )
        .order_by(_RECEIPTS.c.n)
    )
    stored = connection.execute(query).all()
    if [row.hash for row in stored] != [one.hash for one in links]:
        raise ChainFork("This laptop's history differs from the one on the server.")
    return [msgspec.json.decode(row.receipt, type=Receipt) for row in stored]
