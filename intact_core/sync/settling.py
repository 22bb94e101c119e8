"""What a person's choice in a conflict writes: the same on laptop and server."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from intact_core.errors import BadInput

SERVER, INCOMING, EDITED = "server", "incoming", "edited"


class Sides(Protocol):
    """The two sides of a conflict, in wire form."""

    kind: Any
    base: Any
    server: Any
    incoming: Any


def chosen_values(
    conflict: Sides, resolution: str, edited: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """The wire values that a choice writes into the record (sync protocol, "Merging").

    What the server has stands already, so choosing it writes nothing; except a removal, which an
    edit that met it had undone. Raises BadInput for an unknown choice or a field that is not
    part of the conflict.
    """
    removal = conflict.kind == "delete_edit" and conflict.server.get("deleted_at") is not None
    values: dict[str, Mapping[str, Any]] = {
        SERVER: conflict.server if removal else {},
        INCOMING: conflict.incoming,
        EDITED: edited or {},
    }
    if resolution not in values:
        raise BadInput("Choose one of the values.")
    own = conflict.base.keys() | conflict.incoming.keys() | conflict.server.keys()
    if values[resolution].keys() - own:
        raise BadInput("A conflict settles its own fields alone.")
    return values[resolution]


def free_number(number: str, taken: Collection[str]) -> str:
    """The next human number after this one that nobody has: NC-A-07 after NC-A-06."""
    stem = number.rstrip("0123456789")
    width, count = len(number) - len(stem), int(number[len(stem) :] or 0)
    while number in taken:
        count += 1
        number = f"{stem}{count:0{width}}"
    return number
