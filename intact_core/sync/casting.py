"""Operations of an older schema, brought to the present one before they are merged."""

from collections.abc import Callable, Mapping

from intact_core.records.base import SCHEMA_VERSION
from intact_core.sync.operations import Operation

Cast = Callable[[Operation], Operation]
CASTS: Mapping[int, Cast] = {}
"""By schema version: what turns an operation of it into one of the next.

A field that was only added needs none: what an older laptop does not name stays as it is.
"""


def up_cast(
    operation: Operation, casts: Mapping[int, Cast] = CASTS, to: int = SCHEMA_VERSION
) -> Operation:
    """The operation as a laptop of schema `to` would have made it (sync protocol, "Restore,
    clone, revoke, versions"); one that is newer is left alone. What is stored stays as it came.
    """
    for version in range(operation.schema_version, to):
        if version in casts:
            operation = casts[version](operation)
    return operation
