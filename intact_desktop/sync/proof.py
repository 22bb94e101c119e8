"""What the proof that everything is on the server is made of."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from intact_desktop.store.tables import Blob, table_of

_BLOBS = table_of(Blob)
_BY_STATE = select(_BLOBS.c.state, func.count().label("files")).group_by(_BLOBS.c.state)
KEPT_PROOF = timedelta(minutes=10)


def files_by_state(connection: Connection) -> dict[str, int]:
    return {row.state: row.files for row in connection.execute(_BY_STATE)}


def worth_keeping(known: dict[str, Any] | None, proof: dict[str, object], now: datetime) -> bool:
    """A round with nothing to do writes nothing, but for a proof that has become old."""
    if known is None or any(known.get(key) != proof[key] for key in ("operations", "files")):
        return True
    # Either way: a proof noted under a clock a year ahead would else stand for that year.
    return abs(now - datetime.fromisoformat(known["at"])) > KEPT_PROOF
