"""The session hook: rules before, feed and audit log with every flush that changes records."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, event, false
from sqlalchemy.orm import ORMExecuteState, Session, sessionmaker, with_loader_criteria

from intact_core.records.base import Record
from intact_core.records.unit_of_work import SessionWorld, Written, written
from intact_core.rules.checking import check
from intact_core.rules.kernel import Actor, Change


def install(
    factory: sessionmaker[Session],
    on_written: Callable[[Session, UUID, Actor, list[Written]], None],
) -> None:
    """Make every flush of the factory's sessions ask the rules and then call `on_written`."""

    def after_flush(session: Session, _: object) -> None:
        changes = written(session)
        if changes:
            tenant_id, actor = session.info["tenant_id"], session.info["actor"]
            with session.no_autoflush:
                _ask_rules(session, tenant_id, actor, changes)
                on_written(session, tenant_id, actor, changes)

    event.listen(factory, "before_flush", _give_tenant)
    event.listen(factory, "after_flush", after_flush)
    event.listen(factory, "do_orm_execute", _limit_to_tenant)


def _give_tenant(session: Session, *_: Any) -> None:
    for row in session.new:
        if isinstance(row, Record):
            row.tenant_id = session.info["tenant_id"]


def _ask_rules(session: Session, tenant_id: UUID, actor: Actor, changes: list[Written]) -> None:
    world = SessionWorld(session, tenant_id)
    for one in changes:
        fields = frozenset(one.changes)
        check(Change(one.spec.name, one.id, one.before, one.after, fields), actor, world)


def _limit_to_tenant(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return
    tenant_id = state.session.info.get("tenant_id")
    # Two of them: SQLAlchemy keeps the kind of value that each was first asked with.
    mine = _of_nobody if tenant_id is None else lambda record: record.tenant_id == tenant_id
    state.statement = state.statement.options(
        with_loader_criteria(Record, mine, include_aliases=True)
    )


def _of_nobody(record: type[Record]) -> ColumnElement[bool]:
    del record
    return false()
