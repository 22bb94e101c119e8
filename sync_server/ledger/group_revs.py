"""Who changed each field group last, as a record's head keeps it: by change, not by group.

A record is made in one change, so most heads hold one `[rev, device, [group, …]]`. By group it was
a quarter of what PostgreSQL had to read for a new record.
"""

from functools import lru_cache

import msgspec

from intact_core import canonical
from intact_core.sync.merge import FieldRev

_Change = tuple[int, str, tuple[str, ...]]
_DECODER = msgspec.json.Decoder(tuple[_Change, ...])


def to_text(revs: FieldRev) -> str:
    """As it is stored: canonical JSON, a list of [rev, device id or "", [group, …]]."""
    return _text(tuple(revs.items()))


@lru_cache(maxsize=1 << 10)
def _text(revs: tuple[tuple[str, tuple[int, str]], ...]) -> str:
    # The new records of a laptop's batch are all alike here.
    groups: dict[tuple[int, str], list[str]] = {}
    for group, change in revs:
        groups.setdefault(change, []).append(group)
    changes = [(*change, sorted(names)) for change, names in sorted(groups.items())]
    return canonical.dumps(changes).decode()


def from_text(text: str) -> dict[str, tuple[int, str]]:
    """By group again; raises msgspec.DecodeError for what `to_text` did not write."""
    changes = _DECODER.decode(text)
    return {group: (rev, who) for rev, who, groups in changes for group in groups}
