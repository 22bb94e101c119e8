"""Messages of the sync protocol and their version."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from intact_core.sync.operations import Receipt

PROTOCOL_VERSION = 3
"""Raised when a message changes so that the other side has to know of it."""
OLDEST_PROTOCOL = 2
"""The server speaks this version too: it has no `Resume`, no `row`, and no `leave`."""
RESUMING = 3
"""The first version that goes on with an answer that broke off."""
BATCH = 500
"""Most operations in one push."""
CHUNK = 1 << 18
"""Bytes of a blob sent at once, as long as it is not known how quick the line is."""


class Cursor(msgspec.Struct, frozen=True):
    """How far a device is in one scope."""

    scope: str
    seq: int
    digest: str


class Hello(msgspec.Struct, frozen=True):
    """The first message of a round. `last_n` is the last operation with a receipt.

    A `last_n` beyond what the server holds tells it that it was restored from a backup; so does a
    `newest_receipt` that it did not give: of the files that this device sent, the one that the
    server took last; empty where there is none.
    """

    protocol: int
    app_version: str
    schema_version: int
    epoch: str
    last_n: int
    chain_hash: str
    wall_time: datetime
    newest_receipt: str = ""


class HelloAnswer(msgspec.Struct, frozen=True):
    """What the server knows of the device, and where each scope granted to it stands.

    Scopes are keys such as "audit:<uuid>". A device that stands there too need not pull.
    """

    protocol: int
    epoch: str
    server_time: Annotated[datetime, msgspec.Meta(tz=True)]
    last_n: int
    chain_hash: str
    heads: tuple[Cursor, ...]
    batch: int
    chunk: int
    lease: dict[str, Any]


class Push(msgspec.Struct, frozen=True):
    """Consecutive operations as the device stored them: the very bytes that are hashed.

    `prev_hash` is the chain's hash before the first, `signature` the device key's over the last:
    ECDSA P-256 with SHA-256, DER, hexadecimal, over the ASCII bytes of the chain's hash.
    """

    protocol: int
    prev_hash: str
    operations: list[msgspec.Raw]
    signature: str


class Carry(Push, frozen=True):
    """Another device's push, brought by whoever met it: that device's signature proves it."""

    device_id: UUID


class Succession(msgspec.Struct, frozen=True):
    """Asks for another name: this laptop was copied or restored, so its chain has a fork.

    `chain` holds some of its operations' (n, hash), the newest first; the new device's chain goes
    on behind the newest of them that the server has too.
    """

    protocol: int
    device_id: UUID
    chain: list[tuple[int, str]]


class Successor(msgspec.Struct, frozen=True):
    """The new name, and the last operation that both histories share."""

    device_id: UUID
    last_n: int
    chain_hash: str
    lease: dict[str, Any]


class PushAnswer(msgspec.Struct, frozen=True):
    """A receipt for each operation, and where the chain stands now."""

    receipts: list[Receipt]
    last_n: int
    chain_hash: str


class Resume(msgspec.Struct, frozen=True):
    """What a device kept of an answer that broke off: all rows up to one of them.

    `heads` is where the scopes that come whole stood when their first row was given; rows come by
    kind (parents first), then by id.
    """

    epoch: str
    heads: tuple[Cursor, ...]
    type: str
    id: UUID


class Pull(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the device stands; a scope that is granted but not named starts at 0."""

    protocol: int
    epoch: str
    cursors: list[Cursor]
    resume: Resume | None = None


class Begin(msgspec.Struct, frozen=True, tag="begin", tag_field="line", omit_defaults=True):
    """First line of a pull: the epoch, all scopes of the cut, and those that come whole.

    `heads` is where the whole ones stood when their first row was given, `rows` how many they have.
    With `resumed` only the rows after those that the device kept come, then all changes since.
    """

    epoch: str
    scopes: list[str]
    whole: list[str]
    heads: tuple[Cursor, ...] = ()
    rows: int = 0
    resumed: bool = False


class Change(msgspec.Struct, frozen=True, gc=False, tag="change", tag_field="line"):
    """One change of the feed; `patch` in wire form, whole for a record that is new here.

    The line says its `time` too, without which earlier laptops would not understand it.

    A `row` is no change: it is a record of a scope that comes whole, as it is now. A record that
    moves to another scope leaves the one (no patch) and enters the other (whole) at the same rev.
    Version 2 calls a row `enter`.
    """

    scope: str
    seq: int
    type: str
    id: str
    rev: int
    kind: Literal["put", "delete", "row", "enter", "leave"]
    patch: dict[str, Any]
    op_id: str | None
    actor: str | None


class End(msgspec.Struct, frozen=True, tag="end", tag_field="line"):
    """Last line of a pull: without it nothing is applied."""

    cursors: list[Cursor]


class BlobOffer(msgspec.Struct, frozen=True):
    """Announces a blob by its hash (hexadecimal SHA-256) and size in bytes."""

    sha256: str
    size: int


class BlobState(msgspec.Struct, frozen=True):
    """How many bytes of a blob the server holds; `receipt` once it is whole and verified."""

    sha256: str
    size: int
    offset: int
    receipt: str | None = None


class FileReceipt(msgspec.Struct, frozen=True):
    """What a blob's receipt says, as canonical JSON; a dot and the tenant's signature follow."""

    at: datetime
    sha256: str
    size: int
    tenant_id: UUID


def read_receipt(receipt: str) -> FileReceipt:
    """What a blob's receipt says; its signature is not looked at. Raises msgspec.DecodeError."""
    body, _, _ = receipt.rpartition(".")
    return msgspec.json.decode(body, type=FileReceipt)


PullLine = Begin | Change | End
decode_pull_line = msgspec.json.Decoder(PullLine).decode
"""Decode one line of a pull; raises msgspec.DecodeError for anything else."""
decode_pull_lines = msgspec.json.Decoder(Change | End).decode_lines
"""Decode many lines behind the first; raises msgspec.DecodeError for anything else."""
