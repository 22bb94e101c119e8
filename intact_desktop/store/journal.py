"""The session hook: whatever a flush changed in records becomes operations in the outbox."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import bindparam, event, select, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from intact_core import clock, ids
from intact_core.records import sets
from intact_core.records.base import SCHEMA_VERSION, Record
from intact_core.records.people import Role, UserRole
from intact_core.records.unit_of_work import SessionWorld, Written, written
from intact_core.rules.checking import check
from intact_core.rules.kernel import Actor, Change
from intact_core.sync.operations import Operation, link, raw_bytes
from intact_desktop.store import bases
from intact_desktop.store.tables import BaseRow, Carried, Device, Outbox, chunks, table_of

APP_VERSION = "0.1.0"
_OUTBOX = table_of(Outbox)
_CARRIED = table_of(Carried)
_UNSENT = (
    select(_CARRIED.c.record_id, _CARRIED.c.op_id)
    .where(_CARRIED.c.record_id.in_(bindparam("ids", expanding=True)))
    .order_by(_CARRIED.c.seq)
)
# Made once: making a statement takes longer than running it, and a rating waits for six of them.
_THIS_DEVICE = select(Device.__table__)
_MOVE_CHAIN = update(table_of(Device))
_ROLES = (
    select(Role.code)
    .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
    .where(
        UserRole.tenant_id == bindparam("of_tenant"),
        UserRole.user_id == bindparam("of_user"),
        UserRole.deleted_at.is_(None),
        Role.deleted_at.is_(None),
    )
)
_REVS = select(BaseRow.type, BaseRow.id, BaseRow.rev).where(
    BaseRow.id.in_(bindparam("ids", expanding=True))
)


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose flushes are checked by the rules and written to the outbox."""
    factory = sessionmaker(engine, expire_on_commit=False)
    event.listen(factory, "before_flush", _give_tenant)
    event.listen(factory, "before_flush", _keep_confirmed)
    event.listen(factory, "after_flush", _journal)
    event.listen(factory, "after_transaction_end", _forget_transaction)
    return factory


def this_device(connection: Connection) -> Device:
    """The row of this laptop; there is one once it is enrolled."""
    row = connection.execute(_THIS_DEVICE).one()
    return Device(**row._mapping)


def actor_of(session: Session) -> Actor:
    """The person at this laptop, with the roles that the reference data gives."""
    return _actor(session, this_device(session.connection()))


def _actor(session: Session, device: Device) -> Actor:
    cached = session.info.get("actor")
    if cached is not None:
        return cached  # type: ignore[no-any-return]
    whose = {"of_tenant": device.tenant_id, "of_user": device.user_id}
    roles = frozenset(session.connection().scalars(_ROLES, whose))
    actor = Actor(device.user_id, roles, device_id=device.id)
    session.info["actor"] = actor
    return actor


def _give_tenant(session: Session, *_: object) -> None:
    new = [row for row in session.new if isinstance(row, Record)]
    missing = [row for row in new if row.tenant_id is None]
    if missing:
        tenant_id = this_device(session.connection()).tenant_id
        for row in missing:
            row.tenant_id = tenant_id


def _keep_confirmed(session: Session, *_: object) -> None:
    """What the server confirmed stands beside a row before the first change is laid on it."""
    rows = [row for row in session.dirty if isinstance(row, Record) and session.is_modified(row)]
    if rows:
        bases.keep(session.connection(), [(row.__tablename__, str(row.id)) for row in rows])


def _journal(session: Session, *_: object) -> None:
    changes = written(session)
    if not changes:
        return
    with session.no_autoflush:
        device = this_device(session.connection())
        actor, world = _actor(session, device), SessionWorld(session, device.tenant_id)
        for one in changes:
            check(
                Change(one.spec.name, one.id, one.before, one.after, frozenset(one.changes)),
                actor,
                world,
            )
        _append(session, device, changes)


def _append(session: Session, device: Device, changes: list[Written]) -> None:
    connection = session.connection()
    txn_id = session.info.setdefault("txn_id", ids.new_id())
    n, chain = device.last_n, device.chain_hash
    rows, revs = [], _base_revs(connection, changes)
    unsent = _unsent_of_colleagues(connection, changes)
    for one in changes:
        n += 1
        operation = _operation(n, txn_id, one, revs.get((one.spec.name, one.id), 0))
        if one.before is not None and one.id in unsent:
            operation = replace(operation, after=unsent[one.id], changes=_whole_groups(one))
        raw = raw_bytes(operation)
        chain = link(chain, raw)
        rows.append(_outbox_row(operation, raw, chain))
    sets.insert(connection.dialect, _OUTBOX, rows).run(connection)
    connection.execute(_MOVE_CHAIN, {"last_n": n, "chain_hash": chain})


def _base_revs(
    connection: Connection, changes: Sequence[Written]
) -> Mapping[tuple[str, UUID], int]:
    """The version that the person saw, of each record that was there before."""
    seen = [one.id for one in changes if one.before is not None]
    found: dict[tuple[str, UUID], int] = {}
    for part in chunks(seen):
        rows = connection.execute(_REVS, {"ids": part})
        found |= {(type_, id_): rev for type_, id_, rev in rows}
    return found


def _unsent_of_colleagues(
    connection: Connection, changes: Sequence[Written]
) -> Mapping[UUID, UUID]:
    """The last carried operation on each of the records: the person saw its outcome."""
    found: dict[UUID, UUID] = {}
    for part in chunks([one.id for one in changes if one.before is not None]):
        rows = connection.execute(_UNSENT, {"ids": part})
        found |= {row.record_id: row.op_id for row in rows}
    return found


def _whole_groups(one: Written) -> dict[str, tuple[Any, Any]]:
    """The changes with the rest of their groups: the server has no version to compare with."""
    groups = {one.spec.fields[name].group for name in one.changes}
    fields = [field for name in groups for field in one.spec.groups[name]]
    stands = {field.name: field.to_wire(getattr(one.after, field.name)) for field in fields}
    return {name: (value, value) for name, value in stands.items()} | dict(one.changes)


def _operation(n: int, txn_id: UUID, one: Written, base_rev: int) -> Operation:
    return Operation(
        n=n,
        op_id=ids.new_id(),
        txn_id=txn_id,
        type=one.spec.name,
        id=one.id,
        kind=one.kind,
        base_rev=base_rev,
        changes=dict(one.changes),
        wall_time=clock.now(),
        app_version=APP_VERSION,
        schema_version=SCHEMA_VERSION,
    )


def _outbox_row(operation: Operation, raw: bytes, chain: str) -> dict[str, object]:
    return {
        "n": operation.n,
        "op_id": operation.op_id,
        "txn_id": operation.txn_id,
        "type": operation.type,
        "record_id": operation.id,
        "kind": operation.kind,
        "base_rev": operation.base_rev,
        "raw": raw.decode(),
        "wall_time": operation.wall_time,
        "hash": chain,
    }


def _forget_transaction(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("txn_id", None)
