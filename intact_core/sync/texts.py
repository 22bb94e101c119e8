"""Texts word by word: where two differ, and what two people's changes of one make together.

Pure. A merged text is only ever offered to a person (sync protocol, "Merging").
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

OPEN, CLOSE = "⟦", "⟧"
"""Around each version of what two people changed in different ways."""

# A number, a clause or a name such as 7.5.3, G-17 or don't is one word. The space before a word
# belongs to it, so that a text that goes on does not change the word that ended it.
_WORDS = re.compile(r"\s*\w+(?:[.,:/'’-]\w+)*|\s*[^\w\s]|\s+")
_ENDS = re.compile(r"[.!?]|\s*\n")
_MOST_PAIRS = 1_000_000
_FEW_WORDS = 2

_Hunk = tuple[int, int, int, int]


class Part(StrEnum):
    """Whether a piece of text is in both, only in the newer, or only in the older."""

    SAME = "same"
    ADDED = "added"
    GONE = "gone"


@dataclass(frozen=True)
class Piece:
    """One stretch of three versions of a text, with what each says there."""

    base: str
    mine: str
    theirs: str

    @property
    def is_clash(self) -> bool:
        """True where both changed the words, and not in the same way."""
        mine, theirs, base = self.mine.split(), self.theirs.split(), self.base.split()
        return base not in (mine, theirs) and mine != theirs

    @property
    def text(self) -> str:
        """What the two changes make together; my words where they clash."""
        return self.theirs if self.mine.split() == self.base.split() else self.mine


@dataclass(frozen=True)
class Merged:
    """Three versions of a text laid side by side; joined, a side's pieces are that side."""

    pieces: tuple[Piece, ...]

    @property
    def clashes(self) -> int:
        """How many stretches somebody has to decide on."""
        return sum(piece.is_clash for piece in self.pieces)

    def text(self, mine: str, theirs: str) -> str:
        """The merged text; where the two clash both stand in it, marked with these names."""
        return "".join(
            _both(piece, mine, theirs) if piece.is_clash else piece.text for piece in self.pieces
        )


def differences(older: str, newer: str) -> Iterator[tuple[Part, str]]:
    """The newer text in pieces, with what of the older is gone at its place."""
    before, after, at = _words(older), _words(newer), 0
    for i1, i2, j1, j2 in _hunks(before, after):
        yield from _said((Part.SAME, after[at:j1]), (Part.GONE, before[i1:i2]))
        yield from _said((Part.ADDED, after[j1:j2]))
        at = j2
    yield from _said((Part.SAME, after[at:]))


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Both changes of one text together: changes that touch each other clash unless equal."""
    words = tuple(map(_words, (base, mine, theirs)))
    found = (_hunks(words[0], words[1]), _hunks(words[0], words[2]))
    pieces, at, shifts = [], 0, (0, 0)
    for low, high, after in _groups(*found):
        pieces.append(_same("".join(words[0][at:low])))
        sides = (
            "".join(side[low + before : high + now])
            for side, before, now in zip(words[1:], shifts, after, strict=True)
        )
        pieces.append(Piece("".join(words[0][low:high]), *sides))
        at, shifts = high, after
    pieces.append(_same("".join(words[0][at:])))
    return Merged(tuple(_whole([piece for piece in pieces if piece != _same("")])))


def undecided(text: str, *sides: str) -> bool:
    """Whether marks of a clash are left in a text; marks that a side had itself are not."""
    return text.count(OPEN) > max((side.count(OPEN) for side in sides), default=0)


def _same(text: str) -> Piece:
    return Piece(text, text, text)


def _whole(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """A change a word or two beside a clash belongs to the same thought: one stretch of both."""
    held: list[Piece] = []
    for piece in pieces:
        held.append(piece)
        if len(held) == 3 and _is_gap(held[1]) and (held[0].is_clash or held[2].is_clash):
            held = [_joined(held)]
        elif len(held) == 3:
            yield held.pop(0)
    yield from held


def _is_gap(piece: Piece) -> bool:
    text = piece.base
    unchanged = piece == _same(text)
    return unchanged and len(text.split()) <= _FEW_WORDS and not _ENDS.search(text)


def _joined(pieces: Sequence[Piece]) -> Piece:
    base, mine, theirs = (
        "".join(getattr(piece, side) for piece in pieces) for side in ("base", "mine", "theirs")
    )
    return Piece(base, mine, theirs)


def _both(piece: Piece, mine: str, theirs: str) -> str:
    versions = ((mine, piece.mine), (theirs, piece.theirs))
    first = piece.mine or piece.theirs
    gap = first[: len(first) - len(first.lstrip())]
    return gap + " ".join(f"{OPEN}{who}: {text.strip() or '–'}{CLOSE}" for who, text in versions)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _said(*parts: tuple[Part, Sequence[str]]) -> Iterator[tuple[Part, str]]:
    return ((part, "".join(words)) for part, words in parts if words)


def _groups(mine: list[_Hunk], theirs: list[_Hunk]) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Stretches of the base that either changed, with how far each side is shifted after them."""
    marked = sorted([(hunk, 0) for hunk in mine] + [(hunk, 1) for hunk in theirs])
    low, high, shifts = -1, -1, [0, 0]
    for (i1, i2, _, j2), side in marked:
        if low >= 0 and i1 > high:
            yield low, high, (shifts[0], shifts[1])
            low = -1
        low, high = (i1, i2) if low < 0 else (low, max(high, i2))
        shifts[side] = j2 - i2
    if low >= 0:
        yield low, high, (shifts[0], shifts[1])


def _hunks(before: Sequence[str], after: Sequence[str]) -> list[_Hunk]:
    """Where two lists of words differ. Very long ones are compared by sentences first."""
    if len(before) * len(after) <= _MOST_PAIRS:
        return list(_changes(before, after))
    found: list[_Hunk] = []
    older, newer = _sentences(before), _sentences(after)
    starts, others = _starts(older), _starts(newer)
    for a, b, c, d in _changes(older, newer):
        i1, i2, j1, j2 = starts[a], starts[b], others[c], others[d]
        if (i2 - i1) * (j2 - j1) > _MOST_PAIRS:
            found.append((i1, i2, j1, j2))
            continue
        inner = _changes(before[i1:i2], after[j1:j2])
        found += [(i1 + p, i1 + q, j1 + r, j1 + s) for p, q, r, s in inner]
    return found


def _changes(before: Sequence[object], after: Sequence[object]) -> Iterator[_Hunk]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return ((i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")


def _sentences(words: Sequence[str]) -> list[tuple[str, ...]]:
    found, start = [], 0
    for at, word in enumerate(words, start=1):
        if _ENDS.match(word) or at == len(words):
            found.append(tuple(words[start:at]))
            start = at
    return found


def _starts(sentences: Iterable[tuple[str, ...]]) -> list[int]:
    found = [0]
    for sentence in sentences:
        found.append(found[-1] + len(sentence))
    return found
