"""Handing an audit's unsent work to a colleague's laptop by a file, and taking it over."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec
from sqlalchemy import Engine, insert, select
from sqlalchemy.engine import Connection

from intact_core import clock, ids
from intact_core.errors import BadInput, Damaged, NotAllowed, NotFound, StorageFault
from intact_core.interchange import handover
from intact_core.interchange.handover import Attached, Cost, Head, Manifest, Opened, Share
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.catalogue import TYPES
from intact_core.records.clients import Client
from intact_core.sync.operations import Operation
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.settings import new_file
from intact_desktop.store.engine import reading
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Blob, TakenOver, table_of
from intact_desktop.sync import carrying
from intact_desktop.sync.cards import Card, Own, bearer_of
from intact_desktop.sync.carrying import Checked, Part
from intact_desktop.sync.files import Progress, add_received
from intact_desktop.sync.showing import show_carried

_BLOBS = table_of(Blob)
_TAKEN = table_of(TakenOver)
_PIECE = 1 << 20


@dataclass(frozen=True)
class Holder:
    """What handing over needs of a laptop. `set_aside` copies the database and says where."""

    engine: Engine
    files: EvidenceFiles
    own: Own
    set_aside: Callable[[], object]


@dataclass(frozen=True)
class Preview:
    """What a hand-over file would bring. `new` counts operations that are not here yet.

    `taken_at` is when the same file was taken over before, else None.
    """

    manifest: Manifest
    operations: int
    new: int
    file_bytes: int
    taken_at: datetime | None


def write_file(
    holder: Holder, audit_id: UUID, passphrase: str, target: Path, cost: Cost, progress: Progress
) -> Manifest:
    """Write the audit's unsent work and files into a new file; appears whole or not at all.

    Raises NotFound (no such audit here), BadInput (nothing to hand over), StorageFault.
    """
    with reading(holder.engine).connect() as connection:
        title = _title(connection, audit_id)
        parts = carrying.parts_for(connection, holder.own, {})
        files = _unsent_files(connection, audit_id)
        manifest, work = _packed(connection, holder, (audit_id, title), parts, files)
    if not (manifest.shares or files):
        raise BadInput(
            "Everything of this audit is on the server already, so there is nothing to hand over. "
            "Your colleague gets it by a sync.",
            title="Nothing to hand over",
        )
    plain = msgspec.json.encode(manifest)
    card = msgspec.to_builtins(holder.own.card)
    head = Head(msgspec.Raw(plain), card, holder.own.sign(plain).hex())

    def content() -> Iterator[bytes]:
        yield handover.head_bytes(head)
        yield work
        for done, one in enumerate(files):
            progress("Packing files", done, len(files))
            yield from _pieces(holder.files, audit_id, one.sha256)

    with new_file(target.parent) as new:
        handover.write(new.file, passphrase, content(), cost)
        new.keep_as(target)
    return manifest


def _title(connection: Connection, audit_id: UUID) -> str:
    query = (
        select(AuditSchedule.audit_number, Client.legal_name)
        .join(Client, Client.id == AuditSchedule.client_id)
        .where(AuditSchedule.id == audit_id, AuditSchedule.deleted_at.is_(None))
    )
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(
            "This audit is not on this computer. Nothing was changed. Sync with the server once to "
            "get it; then the file can be taken over."
        )
    return f"{row.legal_name}, {row.audit_number}"


def _unsent_files(connection: Connection, audit_id: UUID) -> list[Attached]:
    query = select(_BLOBS.c.sha256, _BLOBS.c.size).where(
        _BLOBS.c.audit_id == audit_id, _BLOBS.c.state == "pending"
    )
    return [Attached(row.sha256, row.size) for row in connection.execute(query)]


def _packed(
    connection: Connection,
    holder: Holder,
    audit: tuple[UUID, str],
    parts: list[Part],
    files: list[Attached],
) -> tuple[Manifest, bytes]:
    work = msgspec.json.encode(parts)
    own = bearer_of(holder.own.card, holder.own.trust)
    checked = [carrying.check(part, holder.own.trust) for part in parts]
    shares: dict[str, int] = {}
    for one in checked:
        shares[one.bearer.name] = shares.get(one.bearer.name, 0) + len(one.links)
    manifest = Manifest(
        file_id=ids.new_id(),
        tenant_id=holder.own.trust.tenant_id,
        audit_id=audit[0],
        title=audit[1],
        made_by=own.name,
        made_at=clock.now(),
        shares=[Share(name, number) for name, number in shares.items()],
        elsewhere=_elsewhere(connection, checked, audit[0]),
        files=files,
        work_sha256=hashlib.sha256(work).hexdigest(),
        work_size=len(work),
    )
    return manifest, work


def _elsewhere(connection: Connection, checked: list[Checked], audit_id: UUID) -> int:
    """Operations that are about other audits."""
    operations = [link.operation for one in checked for link in one.links]
    inside: set[UUID] = {one.id for one in operations if _made_in(one, audit_id)}
    for spec in (TYPES[name] for name in {one.type for one in operations} & TYPES.keys()):
        if spec.scope.kind == "audit":
            mine = spec.table.c[spec.scope.column] == audit_id
            inside |= set(connection.scalars(select(spec.table.c.id).where(mine)))
    return sum(one.id not in inside for one in operations)


def _made_in(operation: Operation, audit_id: UUID) -> bool:
    return operation.new_values().get("audit_schedule_id") == str(audit_id)


def _pieces(files: EvidenceFiles, audit_id: UUID, sha256: str) -> Iterator[bytes]:
    with files.open(audit_id, sha256) as file:
        while piece := file.read(_PIECE):
            yield piece


def preview(holder: Holder, source: Path, passphrase: str) -> Preview:
    """What the file would bring; changes nothing.

    Raises BadInput (no such file, newer version), WrongPassphrase, Damaged, NotAllowed (another
    body's, or not on this audit's team), NotFound (audit not here), StorageFault.
    """
    with _reading_file(source) as file:
        manifest, checked = _read(holder, Opened(file, passphrase).content())
    with reading(holder.engine).connect() as connection:
        _check_rights(connection, manifest, holder)
        return _previewed(connection, manifest, checked)


def _previewed(connection: Connection, manifest: Manifest, checked: list[Checked]) -> Preview:
    here = carrying.have(connection)
    numbers = [(one.bearer.device_id, link.operation.n) for one in checked for link in one.links]
    taken_at = connection.scalar(
        select(_TAKEN.c.taken_at).where(_TAKEN.c.file_id == manifest.file_id)
    )
    return Preview(
        manifest,
        operations=len(numbers),
        new=sum(n > here.get(device_id, 0) for device_id, n in numbers),
        file_bytes=sum(one.size for one in manifest.files),
        taken_at=taken_at,
    )


def take_over(holder: Holder, source: Path, passphrase: str, progress: Progress) -> Preview:
    """Take the file's work over: proved as a whole first, then a copy of the database, then all.

    Raises as `preview`, and BadInput for a file that was taken over before, for missing changes
    and for two histories. Nothing is changed then.
    """
    with _reading_file(source) as file:
        opened = Opened(file, passphrase)
        found = _proved(holder, opened, progress)
        with reading(holder.engine).connect() as connection:
            _check_rights(connection, found[0], holder)
            seen = _previewed(connection, *found)
        _refuse_again(seen)
        progress("Copying the database first", 0, 0)
        holder.set_aside()
        _store_files(holder, opened.content(), progress)
    manifest, checked = found
    with holder.engine.begin() as connection:
        _refuse_again(_previewed(connection, manifest, checked))
        carrying.accept(connection, checked, "file")
        for one in manifest.files:
            add_received(connection, manifest.audit_id, one.sha256, one.size)
        connection.execute(
            insert(_TAKEN).values(
                file_id=manifest.file_id,
                audit_id=manifest.audit_id,
                made_by=manifest.made_by,
                made_at=manifest.made_at,
                taken_at=clock.now(),
            )
        )
        show_carried(connection)
    return seen


@contextmanager
def _reading_file(source: Path) -> Iterator[BinaryIO]:
    try:
        with source.open("rb") as file:
            yield file
    except OSError as fault:
        raise StorageFault(
            f"{source.name} could not be read. Nothing was changed. Check that the file is still "
            "there and the stick is plugged in, then try again.",
            title="The file cannot be read",
            details=str(fault),
        ) from fault


def _read(holder: Holder, content: BinaryIO) -> tuple[Manifest, list[Checked]]:
    head = handover.read_head(content)
    manifest = head.read_manifest()
    try:
        maker = bearer_of(msgspec.convert(head.card, Card), holder.own.trust)
        maker.check_signature(bytes(head.manifest), bytes.fromhex(head.signature))
        work = handover.exactly(content, manifest.work_size)
        if hashlib.sha256(work).hexdigest() != manifest.work_sha256:
            raise handover.damaged("the operations")
        parts = msgspec.json.decode(work, type=list[Part])
    except ValueError as fault:
        raise handover.damaged(str(fault)) from fault
    return manifest, [carrying.check(part, holder.own.trust) for part in parts]


def _proved(holder: Holder, opened: Opened, progress: Progress) -> tuple[Manifest, list[Checked]]:
    """All of the file read and proved once, before anything is changed."""
    content = opened.content()
    manifest, checked = _read(holder, content)
    for done, one in enumerate(manifest.files):
        progress("Checking files", done, len(manifest.files))
        digest = hashlib.sha256()
        for piece in _next_file(content, one.size):
            digest.update(piece)
        if digest.hexdigest() != one.sha256:
            raise handover.damaged("a file")
    if content.read(1):
        raise handover.damaged("more than it says")
    return manifest, checked


def _next_file(content: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = handover.exactly(content, min(size, _PIECE))
        size -= len(piece)
        yield piece


def _store_files(holder: Holder, content: BinaryIO, progress: Progress) -> None:
    manifest, _ = _read(holder, content)
    for done, one in enumerate(manifest.files):
        progress("Taking over files", done, len(manifest.files))
        pieces = _next_file(content, one.size)
        if holder.files.has(manifest.audit_id, one.sha256):
            for _ in pieces:
                continue
        else:
            _store(holder, manifest.audit_id, one.sha256, pieces)


def _store(holder: Holder, audit_id: UUID, sha256: str, pieces: Iterator[bytes]) -> None:
    try:
        holder.files.write_verified(audit_id, sha256, pieces)
    except Damaged as fault:
        raise handover.damaged("a file") from fault


def _check_rights(connection: Connection, manifest: Manifest, holder: Holder) -> None:
    if manifest.tenant_id != holder.own.trust.tenant_id:
        raise NotAllowed("This file is of another certification body. Nothing was changed.")
    _title(connection, manifest.audit_id)
    me = this_device(connection)
    member = select(AuditTeam.id).where(
        AuditTeam.audit_schedule_id == manifest.audit_id,
        AuditTeam.user_id == me.user_id,
        AuditTeam.deleted_at.is_(None),
    )
    if connection.scalar(member) is None:
        raise NotAllowed(
            "You are not on the team of this audit, so its work is not taken over. Nothing was "
            "changed. Ask the office to put you on the team, sync, then try again."
        )


def _refuse_again(seen: Preview) -> None:
    if seen.taken_at is not None:
        raise BadInput(
            f"This file was taken over on {seen.taken_at:%Y-%m-%d at %H:%M} UTC already. Nothing "
            "was changed.",
            title="Taken over already",
        )
