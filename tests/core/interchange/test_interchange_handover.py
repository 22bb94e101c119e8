"""The sealed hand-over file: what goes in comes out, and any changed byte is found."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact_core.errors import BadInput, Damaged, WrongPassphrase
from intact_core.interchange import handover
from intact_core.interchange.handover import CHUNK, Cost, Opened

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
WORDS = "four words of mine"


def sealed(*content: bytes, cost: Cost = CHEAP) -> bytes:
    target = io.BytesIO()
    handover.write(target, WORDS, content, cost)
    return target.getvalue()


def opened(file: bytes, passphrase: str = WORDS) -> bytes:
    return Opened(io.BytesIO(file), passphrase).content().read()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_what_goes_in_comes_out(parts: list[bytes]) -> None:
    assert opened(sealed(*parts)) == b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
def test_around_the_edges_of_chunks(size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    file = sealed(content[:size])
    assert opened(file) == content[:size]
    again = Opened(io.BytesIO(file), WORDS)
    assert again.content().read() == again.content().read()


def test_every_changed_byte_is_found() -> None:
    file = sealed(b"the work of three days " * 4)
    for place in range(len(file)):
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises((Damaged, BadInput)):
            opened(bytes(changed))


def test_every_cut_and_every_addition_is_found() -> None:
    file = sealed(b"the work of three days " * 4)
    for end in range(len(file)):
        with pytest.raises((Damaged, BadInput)):
            opened(file[:end])
    with pytest.raises(Damaged):
        opened(file + b"x")


def test_chunks_cannot_be_left_out_or_swapped() -> None:
    file = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c")
    body = len(file) - 2 * (CHUNK + 16) - 17
    first, second = body + CHUNK + 16, body + 2 * (CHUNK + 16)
    without_last = file[:second]
    swapped = file[:body] + file[first:second] + file[body:first] + file[second:]
    for one in (without_last, swapped):
        with pytest.raises(Damaged):
            opened(one)


def test_nothing_of_the_content_is_readable() -> None:
    assert b"three days" not in sealed(b"the work of three days " * 4)
    assert sealed(b"same") != sealed(b"same")


def test_a_wrong_passphrase_says_so() -> None:
    with pytest.raises(WrongPassphrase, match="Nothing was changed"):
        opened(sealed(b"x"), "other words than mine")


def test_the_same_words_typed_on_another_keyboard_open_it() -> None:
    target = io.BytesIO()
    handover.write(target, "Zürich am Meer", [b"x"], CHEAP)
    decomposed = "Zu\u0308rich am Meer"
    assert opened(target.getvalue(), decomposed) == b"x"


def test_a_newer_version_and_another_file_are_told_apart() -> None:
    newer = bytearray(sealed(b"x"))
    newer[8] = 2
    with pytest.raises(BadInput) as found:
        opened(bytes(newer))
    assert found.value.title == "A newer version is needed"
    with pytest.raises(BadInput, match="not a hand-over file"):
        opened(b"%PDF-1.7 something else")


@pytest.mark.parametrize(
    "cost",
    [
        Cost(passes=0, memory_kib=8, lanes=1),
        Cost(passes=10**6, memory_kib=8, lanes=1),
        Cost(passes=1, memory_kib=1 << 30, lanes=1),
        Cost(passes=1, memory_kib=8, lanes=10**6),
        Cost(passes=1, memory_kib=1, lanes=4),
    ],
)
def test_a_header_that_asks_for_absurd_work_is_refused(
    cost: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(handover, "_keys", lambda *_: (bytes(32), bytes(32)))
        file = sealed(b"x", cost=cost)
    with pytest.raises(Damaged):
        opened(file)
