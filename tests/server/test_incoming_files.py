"""Forms and files that mean harm: whatever arrives is taken or refused, and nothing breaks."""

import io
import random
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact_core.errors import BadInput
from sync_server.api.intact.uploads import _Form
from sync_server.blobs.disk import DiskStore
from sync_server.blobs.spool import Spool
from sync_server.services.files import content_type_in_library

NAMES = frozenset({"description", "parent_id"})
CONTENT = b"%PDF-1.7\r\n--her\r\n--here\r\r\n\r\n--" + bytes(range(256))
GOOD = (
    b'--here\r\nContent-Disposition: form-data; name="description"\r\n\r\nWith \xc3\xa4\r\n'
    b'--here\r\nContent-Disposition: form-data; name="file"; filename="\xc3\xa4 b.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n" + CONTENT + b"\r\n--here--\r\n"
)


def read(folder: Path, content: bytes, cuts: list[int]) -> tuple[dict[str, str], str, bytes]:
    with Spool(DiskStore(folder)) as spool:
        form = _Form(b"here", spool, NAMES, 10_000)
        places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
        for start, end in zip(places, places[1:], strict=False):
            form.take(content[start:end])
        sent = form.sent()
        spool.file.seek(0)
        return dict(sent.fields), sent.file_name, spool.file.read()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blobs")


@given(cuts=st.lists(st.integers(0, 1000), max_size=20))
def test_a_form_says_the_same_however_it_is_cut(folder: Path, cuts: list[int]) -> None:
    assert read(folder, GOOD, cuts) == ({"description": "With ä"}, "ä b.pdf", CONTENT)


@given(
    changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6),
    end=st.integers(0, len(GOOD)),
    more=st.binary(max_size=50),
)
def test_a_damaged_form_is_read_or_refused(
    folder: Path, changes: list[tuple[int, int]], end: int, more: bytes
) -> None:
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    with suppress(BadInput):
        fields, name, _ = read(folder, bytes(content[:end]) + more, [])
        assert name
        assert fields.keys() <= NAMES


def letter(members: int = 3) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(members):
            archive.writestr(f"part{number}", "x")
        archive.writestr("word/document.xml", "<x/>")
    return made.getvalue()


def taken(tmp_path: Path, content: bytes, name: str = "letter.docx") -> bool:
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb", buffering=0) as file:
        try:
            content_type_in_library(name, file)
        except BadInput:
            return False
        return True


def test_office_files_are_looked_at_with_bounds(tmp_path: Path) -> None:
    assert taken(tmp_path, letter())
    assert not taken(tmp_path, letter(20_001)), "too many members"
    end = letter().rindex(b"PK\x05\x06")
    for field, value in ((12, 2**31), (12, 2**32 - 1), (10, 2**16 - 1)):
        forged = bytearray(letter())
        struct.pack_into("<L" if field == 12 else "<H", forged, end + field, value)
        assert not taken(tmp_path, bytes(forged)), field
    locator = b"PK\x06\x07" + bytes(16)
    assert not taken(tmp_path, letter()[:end] + locator + letter()[end:])


def test_damaged_office_files_break_nothing(tmp_path: Path) -> None:
    chance, good = random.Random(1), letter()
    seen = set()
    for _ in range(1500):
        content = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        seen.add(taken(tmp_path, bytes(content[: chance.randrange(len(content) // 2, 2000)])))
    assert seen == {True, False}
