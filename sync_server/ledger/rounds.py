"""A round of sync with one device: where both stand, taking in, setting aside."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection, Row

from intact_core import clock, ids
from intact_core.errors import BadInput, NotAllowed
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import Operation, Receipt
from intact_core.sync.protocol import (
    BATCH,
    CHUNK,
    PROTOCOL_VERSION,
    Hello,
    HelloAnswer,
    Push,
    PushAnswer,
    read_receipt,
)
from sync_server.ledger.chains import (
    ChainFork,
    ChainGap,
    device_row,
    hash_at,
    stored,
)
from sync_server.ledger.ingest import Link, Source, ingest, set_aside
from sync_server.ledger.scopes import scopes_of
from sync_server.ledger.standing import EPOCH, stand_of
from sync_server.tables.base import table_of
from sync_server.tables.blobs import StoredBlob
from sync_server.tables.ledger import Device, ServerEpoch

_BLOBS = table_of(StoredBlob)
_DEVICES = table_of(Device)
_EPOCHS = table_of(ServerEpoch)
_RECEIPT_OF = select(_BLOBS.c.receipt).where(
    _BLOBS.c.tenant_id == bindparam("tenant"), _BLOBS.c.sha256 == bindparam("hash")
)
_MOVE_END = update(_DEVICES).where(
    _DEVICES.c.tenant_id == bindparam("tenant"), _DEVICES.c.id == bindparam("device")
)


def epoch_of(connection: Connection) -> str:
    """The epoch of this server's history; empty when none was begun."""
    return connection.scalar(EPOCH) or ""


def begin_epoch(connection: Connection, after: str = "") -> str:
    """A new epoch: at the first start, and when a laptop knows more than a restored server.

    Nothing happens when the present epoch is not `after` any more: somebody was faster.
    """
    present = epoch_of(connection)
    if present != after:
        return present
    epoch = str(ids.new_id())
    connection.execute(_EPOCHS.insert().values(epoch=epoch, since=clock.now()))
    return epoch


def greet(connection: Connection, device: Row[Any], hello: Hello) -> HelloAnswer:
    """Where both sides stand; the lease is for the caller to add.

    Raises ChainFork when the device's history differs from the stored one.
    """
    tenant_id: UUID = device.tenant_id
    known: str | None = device.chain_hash
    if hello.last_n != device.last_n:
        known = hash_at(connection, tenant_id, device.id, hello.last_n)
    if known is not None and known != hello.chain_hash:
        raise ChainFork
    stand = stand_of(connection, tenant_id, device.user_id)
    return HelloAnswer(
        protocol=PROTOCOL_VERSION,
        epoch=stand.epoch,
        server_time=clock.now(),
        last_n=device.last_n,
        chain_hash=device.chain_hash,
        heads=tuple(stand.heads.values()),
        batch=BATCH,
        chunk=CHUNK,
        lease={},
    )


def was_restored(
    connection: Connection, tenant_id: UUID, hello: Hello, answer: HelloAnswer
) -> bool:
    """Whether the device has receipts that this server, in the same epoch, never gave."""
    if hello.epoch != answer.epoch:
        return False
    return hello.last_n > answer.last_n or not _gave(connection, tenant_id, hello.newest_receipt)


def _gave(connection: Connection, tenant_id: UUID, receipt: str) -> bool:
    """Whether a file's receipt is that of this history: a file may have come a second time."""
    if not receipt:
        return True
    try:
        sha256 = read_receipt(receipt).sha256
    except msgspec.DecodeError as error:
        raise BadInput("The receipt of a file in the greeting has the wrong form.") from error
    return connection.scalar(_RECEIPT_OF, {"tenant": tenant_id, "hash": sha256}) == receipt


def take_push(
    connection: Connection, tenant_id: UUID, device_id: UUID, actor: Actor, push: Push
) -> PushAnswer:
    """Take in a push: known operations get their stored receipt, new ones a verdict.

    Raises ChainGap when operations are missing before these, ChainFork when the device's history
    differs from the stored one, BadInput for a body that is none. One transaction, the caller's.
    """
    device = device_row(connection, tenant_id, device_id, lock=True)
    scopes = scopes_of(connection, tenant_id, device.user_id)
    source = Source(tenant_id, device_id, actor, frozenset(scopes))
    return _take(connection, source, device, push)


def take_deposit(
    connection: Connection, tenant_id: UUID, device_id: UUID, actor: Actor, push: Push
) -> PushAnswer:
    """Keep what a device may not bring in itself: all of it is quarantined, none refused.

    For a device that was revoked, or whose application is too old. Raises as `take_push`.
    """
    device = device_row(connection, tenant_id, device_id, lock=True)
    source = Source(tenant_id, device_id, actor, frozenset())
    return _take(connection, source, device, push, "deposited")


def _take(
    connection: Connection, source: Source, device: Row[Any], push: Push, aside: str = ""
) -> PushAnswer:
    tenant_id, device_id = source.tenant_id, source.device_id
    links = _links(push)
    _check_signature(device.certificate, links[-1].hash, push.signature)
    first, last_n = links[0].operation.n, device.last_n
    if first > last_n + 1:
        raise ChainGap(last_n + 1)
    goes_on = first == last_n + 1
    before = device.chain_hash if goes_on else hash_at(connection, tenant_id, device_id, first - 1)
    if before != push.prev_hash:
        raise ChainFork
    known = [one for one in links if one.operation.n <= last_n]
    new = links[len(known) :]
    receipts = _known(connection, tenant_id, device_id, known)
    if not new:
        return PushAnswer(receipts, last_n, device.chain_hash)
    end = {"last_n": new[-1].operation.n, "chain_hash": new[-1].hash, "seen_at": clock.now()}
    # Each operation gets its verdict; said before the counters are taken, nobody waits for it.
    connection.execute(_MOVE_END, {"tenant": tenant_id, "device": device_id, **end})
    if aside:
        receipts += set_aside(connection, source, new, aside)
    else:
        receipts += ingest(connection, source, new)
    return PushAnswer(receipts, new[-1].operation.n, new[-1].hash)


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
    first, last = links[0].operation.n, links[-1].operation.n
    rows = stored(connection, tenant_id, device_id, first, last)
    if [row.hash for row in rows] != [one.hash for one in links]:
        raise ChainFork
    return [msgspec.json.decode(row.receipt, type=Receipt) for row in rows]
