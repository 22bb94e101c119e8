"""Bringing colleagues' operations to the server: whoever meets it first brings all.

Own and carried operations go up in the order in which this laptop learned of them: a colleague
may have gone on from own work, and this person from theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine, select

from intact_core.errors import BadInput, NotAllowed
from intact_core.sync.protocol import PROTOCOL_VERSION
from intact_desktop.store.engine import reading
from intact_desktop.store.tables import CarriedChain, table_of
from intact_desktop.sync import carrying
from intact_desktop.sync.gateway import Forked, Gap, Gateway

_CHAINS = table_of(CarriedChain)
_CARRIED_OF = select(_CHAINS.c.device_id, _CHAINS.c.name)


@dataclass(frozen=True)
class Segment:
    """A piece of a colleague's chain that they signed; it came after own operation `own_n`."""

    device_id: UUID
    name: str
    rows: Sequence[Any]

    @property
    def own_n(self) -> int:
        """This laptop's last operation when the piece came."""
        own_n: int = self.rows[0].own_n
        return own_n

    def body(self) -> bytes:
        """An encoded Carry: the operations' own bytes, not encoded again."""
        head = msgspec.json.encode(
            {
                "protocol": PROTOCOL_VERSION,
                "device_id": self.device_id,
                "prev_hash": self.rows[0].prev_hash,
                "signature": self.rows[-1].signature,
            }
        )
        raws = ",".join(row.raw for row in self.rows)
        return head[:-1] + b',"operations":[' + raws.encode() + b"]}"


def segments(engine: Engine) -> list[Segment]:
    """All that is carried here, in the order in which it came."""
    with reading(engine).connect() as connection:
        chains = connection.execute(_CARRIED_OF).all()
        found = [
            Segment(one.device_id, one.name, rows)
            for one in chains
            for rows in carrying.signed_segments(connection, one.device_id, None)
        ]
    return sorted(found, key=lambda one: one.rows[0].seq)


def carry_up(engine: Engine, gateway: Gateway, segment: Segment) -> bool:
    """Send a piece; False where the server does not take it: it stays here with the reason.

    Raises IntactError for what stops a whole round (Offline, ServerFault).
    """
    try:
        got = gateway.carry(segment.body())
    except (Gap, Forked, NotAllowed, BadInput) as error:
        with engine.begin() as connection:
            carrying.note_refused(connection, segment.device_id, error.sentence)
        return False
    with engine.begin() as connection:
        carrying.note_acknowledged(connection, segment.device_id, got.last_n)
    return True
