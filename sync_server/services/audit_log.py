"""The audit log for those who read it, and entries for what writes no record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import canonical, clock
from sync_server.auth.callers import Caller
from sync_server.ledger.audit_log import Act, append_acts


def note(
    session: Session,
    caller: Caller,
    action: str,
    kind: str,
    id_: UUID | None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Write into the log of the caller's tenant what it did, such as a DOWNLOAD.

    `action` in capitals (LOGIN, LOGOUT, DOWNLOAD, EXPORT), `kind` the table's name, `values`
    without secrets. The address is the caller's. Call it last in the transaction: the counter
    row of the log is taken after everything else, so that writers queue and never deadlock.
    """
    plain = {name: canonical.to_wire(value) for name, value in (values or {}).items()}
    act = Act(action, kind, id_, plain)
    append_acts(session.connection(), caller.tenant, caller.actor, clock.now(), [act])
