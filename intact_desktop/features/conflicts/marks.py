"""What of a text differs from the text before, word by word."""

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
Part = tuple[str, bool]


def marked(before: str, after: str) -> list[Part]:
    """The text after in parts; True where a part is not in the text before."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    parts: list[Part] = []
    for tag, _, _, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        text = "".join(new[start:end])
        if text:
            parts.append((text, tag != "equal"))
    return parts
