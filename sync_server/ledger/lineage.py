"""What a laptop did before it was copied: under whichever name it came, it is its own work."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.engine import Connection

from intact_core.sync.merge import Current
from sync_server.ledger.feed import Ref
from sync_server.tables.base import table_of
from sync_server.tables.ledger import Device, FeedChange, OpReceipt

_DEVICES = table_of(Device)
_FEED = table_of(FeedChange)
_RECEIPTS = table_of(OpReceipt)


class Lineage:
    """The chain of the device that sends, with what it inherited.

    `again` are operations of the present batch that another name brought before: they stand in
    this chain too, although they are not stored under it yet.
    """

    def __init__(
        self, connection: Connection, tenant_id: UUID, device_id: UUID, again: Collection[UUID]
    ) -> None:
        self._connection = connection
        self._tenant_id, self._device_id = tenant_id, device_id
        self._again = again

    def own_view(self, ref: Ref, current: Current) -> Current:
        """The record, with this chain's own changes shown as this device's, whoever sent them.

        A copy's later changes, which are not in this chain, stay another's: what each of two
        copies went on to do does meet.
        """
        mine = str(self._device_id)
        kin = {
            group: rev
            for group, (rev, who) in current.field_rev.items()
            if who in self._copies and who != mine
        }
        own = self._own(ref, kin) if kin else ()
        if not own:
            return current
        renamed = {group: (kin[group], mine) for group in own}
        return replace(current, field_rev={**current.field_rev, **renamed})

    @cached_property
    def _copies(self) -> frozenset[str]:
        """All names of laptops with this one's certificate, and so with its key."""
        mine = (
            select(_DEVICES.c.certificate)
            .where(_DEVICES.c.tenant_id == self._tenant_id, _DEVICES.c.id == self._device_id)
            .scalar_subquery()
        )
        query = select(_DEVICES.c.id).where(
            _DEVICES.c.tenant_id == self._tenant_id, _DEVICES.c.certificate == mine
        )
        return frozenset(map(str, self._connection.scalars(query)))

    def overtaken(self, ref: Ref, current: Current, n: int) -> frozenset[str]:
        """The groups of a record that this chain changed after its operation `n`."""
        mine = {
            group: rev for group, (rev, who) in current.field_rev.items() if who in self._copies
        }
        if not mine:
            return frozenset()
        made_by = self._made_by(ref, mine)
        places = self._places(made_by.values())
        later = {op_id for op_id, place in places.items() if place > n}
        return frozenset(group for group, rev in mine.items() if made_by.get(rev) in later)

    def _own(self, ref: Ref, kin: Mapping[str, int]) -> Collection[str]:
        made_by = self._made_by(ref, kin)
        own = {*self._again, *self._places(made_by.values())}
        return [group for group, rev in kin.items() if made_by.get(rev) in own]

    def _made_by(self, ref: Ref, revs: Mapping[str, int]) -> Mapping[int, UUID]:
        """The operation behind each of those versions of a record."""
        query = select(_FEED.c.rev, _FEED.c.op_id).where(
            _FEED.c.tenant_id == self._tenant_id,
            _FEED.c.record_id == ref[1],
            _FEED.c.type == ref[0],
            _FEED.c.rev.in_(revs.values()),
            _FEED.c.op_id.is_not(None),
        )
        return {row.rev: row.op_id for row in self._connection.execute(query)}

    def _places(self, op_ids: Iterable[UUID]) -> Mapping[UUID, int]:
        """Where in this chain operations stand; those of others are left out."""
        query = select(_RECEIPTS.c.op_id, _RECEIPTS.c.n).where(
            _RECEIPTS.c.tenant_id == self._tenant_id,
            _RECEIPTS.c.op_id.in_(op_ids),
            or_(*self._chain),
        )
        return {row.op_id: row.n for row in self._connection.execute(query)}

    @cached_property
    def _chain(self) -> list[ColumnElement[bool]]:
        """Which receipts are this chain's: its own, and its parents' up to where they parted."""
        parts: list[ColumnElement[bool]] = [_RECEIPTS.c.device_id == self._device_id]
        query = select(_DEVICES.c.id, _DEVICES.c.parent_id, _DEVICES.c.parent_n).where(
            _DEVICES.c.tenant_id == self._tenant_id
        )
        parent_of = {row.id: row for row in self._connection.execute(query)}
        row, until = parent_of[self._device_id], None
        while row.parent_id is not None:
            until = row.parent_n if until is None else min(until, row.parent_n)
            parts.append(and_(_RECEIPTS.c.device_id == row.parent_id, _RECEIPTS.c.n <= until))
            row = parent_of[row.parent_id]
        return parts
