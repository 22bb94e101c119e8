"""Settling a conflict, and handing in again what was not accepted."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotFound
from intact_core.records.catalogue import spec_of
from intact_core.records.conflicts import Conflict
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of
from intact_desktop.sync.outgoing import quarantined


def settle(
    session: Session,
    conflict_id: UUID,
    resolution: str,
    reason: str,
    edited: Mapping[str, Any] | None = None,
) -> None:
    """Choose `server`, `incoming` or `edited` (wire values by field); field and conflict together.

    Raises BadInput without a reason or where somebody settled it already, RuleBroken where the
    value chosen is not allowed.
    """
    if not reason.strip():
        raise BadInput("Say why you chose this; the reason stays in the history.")
    conflict = row_of(session, Conflict, conflict_id)
    if conflict.state != "open":
        raise BadInput("Somebody has settled this conflict already. Nothing was changed.")
    chosen = {"server": conflict.server, "incoming": conflict.incoming, "edited": edited or {}}
    if resolution not in chosen:
        raise ValueError(resolution)
    _apply(session, conflict.record_type, conflict.record_id, chosen[resolution])
    conflict.state = "resolved"
    conflict.resolution = resolution
    conflict.reason = reason.strip()
    conflict.resolved_by = this_device(session.connection()).user_id
    conflict.resolved_at = clock.now()


def _apply(session: Session, type_: str, id_: UUID, values: Mapping[str, Any]) -> None:
    spec = spec_of(type_)
    # A record that one side deleted is a row too: the choice may bring it back.
    row = session.scalar(select(spec.record).where(spec.record.id == id_))
    if row is None:
        raise NotFound("What the conflict is about is not on this laptop. Sync, then try again.")
    for name, value in spec.values(values).items():
        setattr(row, name, value)


def hand_in_again(session: Session, n: int) -> None:
    """Make the change of a refused operation once more, as a new one on what is true now.

    Raises NotFound where its record does not exist on the server: its text can be copied.
    """
    found = next((one for one in quarantined(session.connection()) if one[0] == n), None)
    if found is None:
        raise NotFound("This is settled already. Nothing was changed.")
    _, record_id, operation, _ = found
    if operation["kind"] == "create":
        raise NotFound(
            "This was to be a new record, and the server did not take it. Make it again; its text "
            "can be copied from here."
        )
    row_of(session, spec_of(operation["type"]).record, record_id)
    values = {name: pair[1] for name, pair in operation["changes"].items()}
    _apply(session, operation["type"], record_id, values)
