"""One changed byte anywhere is found, without the manifest, in report and certificate."""

import random
import re
from collections.abc import Iterator

import pytest
from sample_signers import Tenant

from intact_core.documents.seal import read_seals
from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verdict

ACCEPTED = {Verdict.GENUINE, Verdict.UNKNOWN_SIGNER}
HEX = b"0123456789ABCDEFabcdef"


def _mutants(data: bytes, places: list[int], seed: int) -> Iterator[tuple[int, bytes]]:
    """The file with one byte changed at each place; in a signature to another hex digit."""
    chance = random.Random(seed)
    left, right = read_seals(data)[-1].hole
    for place in places:
        changed = bytearray(data)
        inside = left < place < right - 1
        options = HEX if inside and chance.random() < 0.8 else bytes(range(256))
        changed[place] = chance.choice([b for b in options if b != data[place]])
        yield place, bytes(changed)


def _structural(data: bytes) -> list[int]:
    """Places of the words that give the file its structure, in the last signed revision."""
    words = rb"/ByteRange[^\]]*\]|/Type|startxref\s+\d+|trailer|%%EOF|/Contents|/Prev \d+|/M\b"
    start = data.rfind(b"%%EOF", 0, len(data) - 10)
    found = [m for m in re.finditer(words, data) if m.start() > start]
    return [place for match in found for place in range(*match.span())]


def _survivors(data: bytes, tenant: Tenant, places: list[int]) -> list[int]:
    trusted = [tenant.authority.certificate]
    assert verify_pdf(data, trusted=trusted).ok
    return [
        place
        for place, mutant in _mutants(data, places, seed=len(places))
        if verify_pdf(mutant, trusted=trusted).verdict in ACCEPTED
    ]


@pytest.mark.parametrize("document", ["signed", "signed_certificate"])
def test_every_byte_of_the_last_signature(
    document: str, tenant: Tenant, request: pytest.FixtureRequest
) -> None:
    data: bytes = request.getfixturevalue(document)
    left, right = read_seals(data)[-1].hole
    assert right - left > 3000
    assert _survivors(data, tenant, list(range(left, right))) == []


@pytest.mark.parametrize("document", ["signed", "signed_certificate"])
def test_every_byte_of_the_structure_and_a_sample_of_the_rest(
    document: str, tenant: Tenant, request: pytest.FixtureRequest
) -> None:
    data: bytes = request.getfixturevalue(document)
    places = _structural(data)
    assert len(places) > 60
    chance = random.Random(7)
    places += [*range(40), *range(len(data) - 40, len(data))]
    places += [chance.randrange(len(data)) for _ in range(900)]
    assert _survivors(data, tenant, places) == []


def test_dropped_and_doubled_bytes_are_found(signed: bytes, tenant: Tenant) -> None:
    chance = random.Random(3)
    trusted = [tenant.authority.certificate]
    for _ in range(120):
        place = chance.randrange(len(signed))
        for mutant in (
            signed[:place] + signed[place + 1 :],
            signed[:place] + signed[place : place + 1] + signed[place:],
        ):
            assert verify_pdf(mutant, trusted=trusted).verdict not in ACCEPTED, place


def test_cut_anywhere_it_is_never_genuine(signed: bytes, tenant: Tenant) -> None:
    chance = random.Random(4)
    trusted = [tenant.authority.certificate]
    for _ in range(150):
        cut = signed[: chance.randrange(len(signed))]
        assert verify_pdf(cut, trusted=trusted).verdict not in ACCEPTED
