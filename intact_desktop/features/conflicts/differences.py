"""What two texts do not share, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_MOST_WORDS = 3000


class Part(StrEnum):
    """Whether a piece of text is in both, only in the newer, or only in the older."""

    SAME = "same"
    ADDED = "added"
    GONE = "gone"


def differences(older: str, newer: str) -> Iterator[tuple[Part, str]]:
    """The newer text in pieces, with what of the older is gone at its place."""
    pattern = _WORDS if len(older) + len(newer) < _MOST_WORDS * 6 else _LINES
    before, after = pattern.findall(older), pattern.findall(newer)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Part.SAME, "".join(after[j1:j2])
            continue
        if i2 > i1:
            yield Part.GONE, "".join(before[i1:i2])
        if j2 > j1:
            yield Part.ADDED, "".join(after[j1:j2])
