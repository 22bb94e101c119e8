"""A long answer comes in pieces of whole lines, however it was cut on its way."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact_core.errors import ServerFault
from intact_core.packing import packed
from intact_desktop.sync import answer_lines
from intact_desktop.sync.answer_lines import pieces

LINES = st.lists(st.binary(min_size=1, max_size=40).map(lambda some: some.replace(b"\n", b"")))
HEADERS = {"content-encoding": "gzip"}


class Blocks(httpx.SyncByteStream):
    """Bytes as they come over the wire."""

    def __init__(self, content: bytes, size: int) -> None:
        self._blocks = [content[at : at + size] for at in range(0, len(content), size)]

    def __iter__(self):
        yield from self._blocks


def came(content: bytes, size: int, *, packs: bool = False) -> list[bytes]:
    headers = HEADERS if packs else {}
    stream = Blocks(packed(content) if packs else content, size)
    return list(pieces(httpx.Response(200, headers=headers, stream=stream), lambda: None))


@given(LINES, st.integers(1, 100), st.integers(1, 50), st.booleans())
def test_no_line_is_cut_and_none_is_missing(
    lines: list[bytes], size: int, piece: int, packs: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer_lines, "_PIECE", piece)
        found = came(b"".join(line + b"\n" for line in lines), size, packs=packs)
    assert b"\n".join(found).split(b"\n") == (lines or [b""])
    longest = max(map(len, lines), default=0)
    assert all(len(one) <= piece + longest for one in found)


def test_an_answer_that_ends_within_a_line_is_told() -> None:
    with pytest.raises(ServerFault, match="broke off"):
        came(b"a\nb", 10)
