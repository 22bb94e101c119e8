"""The sealed form: what is read is what was written, or it is refused."""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

import pytest

from intact_core.errors import Damaged, NotFound
from intact_desktop.evidence.crypto import CHUNK_BYTES, HEADER_BYTES
from intact_desktop.evidence.files import EvidenceFiles, Variant

SEALED_CHUNK = CHUNK_BYTES + 16
SIZES = [0, 1, 15, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2_500_000]


@pytest.mark.parametrize("size", SIZES)
def test_every_size_comes_back(files, audit, size: int) -> None:
    content = os.urandom(size)
    written = files.write(audit, [content])
    assert (written.sha256, written.size) == (hashlib.sha256(content).hexdigest(), size)
    assert files.read(audit, written.sha256) == content
    with files.open(audit, written.sha256) as file:
        assert file.size == size


@pytest.mark.parametrize("piece", [1000, 65_536, CHUNK_BYTES, CHUNK_BYTES + 7])
def test_how_it_came_in_does_not_matter(files, audit, piece: int) -> None:
    content = os.urandom(2 * CHUNK_BYTES)
    pieces = (content[at : at + piece] for at in range(0, len(content), piece))
    assert files.read(audit, files.write(audit, pieces).sha256) == content


def test_any_range_can_be_read(files, audit) -> None:
    content = os.urandom(3 * CHUNK_BYTES + 5)
    sha256 = files.write(audit, [content]).sha256
    edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, len(content)]
    with files.open(audit, sha256) as file:
        for start in edges:
            for length in (0, 1, 16, CHUNK_BYTES, 2 * CHUNK_BYTES + 1, len(content)):
                assert file.read_range(start, length) == content[start : start + length]


def test_nothing_of_it_can_be_read_or_guessed_on_the_disk(files, audit, tmp_path: Path) -> None:
    content = b"canary in a photo " * 100_000
    sha256 = files.write(audit, [content]).sha256
    files.write_derived(audit, sha256, Variant.THUMBNAIL, content)
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(stored) == 2
    for path in stored:
        assert b"canary" not in path.read_bytes()
        assert sha256[:12] not in str(path)
    again = files.write(uuid4(), [content])
    assert files.path(audit, again.sha256).name != files.path(uuid4(), again.sha256).name


def test_two_seals_of_one_content_differ(files, audit) -> None:
    sha256 = files.write(audit, [b"same"]).sha256
    first = files.path(audit, sha256).read_bytes()
    files.write(audit, [b"same"])
    assert files.path(audit, sha256).read_bytes() != first


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


PLACES = [0, 8, 9, 12, 16, 40, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK, -1]


@pytest.mark.parametrize("place", PLACES)
def test_one_flipped_bit_is_found(files, audit, place: int) -> None:
    sha256 = files.write(audit, [os.urandom(2_000_000)]).sha256
    flip(files.path(audit, sha256), place)
    with pytest.raises(Damaged, match="damaged or was exchanged"):
        files.read(audit, sha256)


def cut(content: bytes, length: int) -> bytes:
    return content[:length]


def swapped(content: bytes, _: int) -> bytes:
    first, second = HEADER_BYTES, HEADER_BYTES + SEALED_CHUNK
    one, two = content[first:second], content[second : second + SEALED_CHUNK]
    return content[:first] + two + one + content[second + SEALED_CHUNK :]


def doubled(content: bytes, _: int) -> bytes:
    return content + content[HEADER_BYTES : HEADER_BYTES + SEALED_CHUNK]


@pytest.mark.parametrize(
    ("change", "length"),
    [
        (cut, 0),
        (cut, HEADER_BYTES),
        (cut, HEADER_BYTES + 15),
        (cut, HEADER_BYTES + SEALED_CHUNK),
        (cut, HEADER_BYTES + 2 * SEALED_CHUNK),
        (swapped, 0),
        (doubled, 0),
    ],
)
def test_cutting_swapping_and_adding_chunks_is_found(files, audit, change, length: int) -> None:
    sha256 = files.write(audit, [os.urandom(3 * CHUNK_BYTES)]).sha256
    path = files.path(audit, sha256)
    path.write_bytes(change(path.read_bytes(), length))
    with pytest.raises(Damaged):
        files.read(audit, sha256)


def test_a_file_does_not_pass_for_another(files, audit, tmp_path: Path) -> None:
    one, other = (files.write(audit, [content]).sha256 for content in (b"one", b"other"))
    files.path(audit, one).replace(files.path(audit, other))
    with pytest.raises(Damaged):
        files.read(audit, other)
    thumbnail = files.path(audit, other, Variant.THUMBNAIL)
    thumbnail.write_bytes(files.path(audit, other).read_bytes())
    with pytest.raises(Damaged):
        files.read(audit, other, Variant.THUMBNAIL)


def test_another_vault_or_audit_opens_nothing(files, audit, tmp_path: Path) -> None:
    sha256 = files.write(audit, [b"mine"]).sha256
    content = files.path(audit, sha256).read_bytes()
    thief = EvidenceFiles(tmp_path / "evidence", bytes(32))
    thief.path(audit, sha256).write_bytes(content)
    with pytest.raises(Damaged):
        thief.read(audit, sha256)
    with pytest.raises(NotFound, match="Connect to download"):
        files.read(uuid4(), sha256)


def test_what_comes_from_elsewhere_must_be_what_was_promised(files, audit) -> None:
    sha256 = hashlib.sha256(b"as sent").hexdigest()
    with pytest.raises(Damaged, match="fetched again"):
        files.write_verified(audit, sha256, [b"as changed on its way"])
    assert not files.has(audit, sha256)
    assert not files.has(audit, hashlib.sha256(b"as changed on its way").hexdigest())
    files.write_verified(audit, sha256, [b"as ", b"sent"])
    assert files.read(audit, sha256) == b"as sent"


def test_removing_takes_the_pictures_with_it(files, audit, tmp_path: Path) -> None:
    sha256 = files.write(audit, [b"x"]).sha256
    files.write_derived(audit, sha256, Variant.THUMBNAIL, b"t")
    files.remove(audit, sha256)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_sweep_removes_halves_only(files, audit, tmp_path: Path) -> None:
    sha256 = files.write(audit, [b"whole"]).sha256
    half = files.path(audit, sha256).with_name(".0123.part")
    half.write_bytes(b"half")
    files.sweep()
    assert not half.exists()
    assert files.read(audit, sha256) == b"whole"
