"""The manifest: it fits one file, byte for byte, and no byte of it can be changed."""

import random
import re
import string

import pytest
from sample_signers import Tenant

from intact_core import canonical
from intact_core.documents.manifest import make_manifest, read_manifest
from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verdict
from intact_core.errors import BadInput, Damaged


@pytest.fixture(scope="module")
def manifest(signed: bytes, tenant: Tenant) -> bytes:
    return make_manifest(signed, tenant.lead, "tenant-1")


def test_it_says_what_the_file_is(manifest: bytes, signed: bytes) -> None:
    said = read_manifest(manifest).manifest
    assert (said.kind, said.number, said.tenant) == ("report", "AUD-2026-0042", "tenant-1")
    assert (said.file_sha256, said.length) == (canonical.sha256_hex(signed), len(signed))
    assert said.signers == ("lead", "client")


def test_the_file_and_its_manifest_are_genuine(
    manifest: bytes, signed: bytes, tenant: Tenant
) -> None:
    result = verify_pdf(signed, trusted=[tenant.authority.certificate], manifest=manifest)
    assert result.ok
    assert [step.ok for step in result.steps[:2]] == [True, True]


def test_another_file_is_not_the_one_of_the_manifest(
    manifest: bytes, lead_signed: bytes, signed_certificate: bytes, tenant: Tenant
) -> None:
    for other in (lead_signed, signed_certificate, b"hello"):
        result = verify_pdf(other, trusted=[tenant.authority.certificate], manifest=manifest)
        assert result.steps[0].ok is False
        assert not result.ok


def test_no_byte_of_it_can_be_changed(manifest: bytes) -> None:
    chance = random.Random(5)
    for place in range(len(manifest)):
        changed = bytearray(manifest)
        changed[place] = chance.choice([b for b in range(32, 127) if b != manifest[place]])
        with pytest.raises((BadInput, Damaged)):
            read_manifest(bytes(changed))


def test_no_other_text_of_the_same_bytes_is_taken(manifest: bytes) -> None:
    # The last character of a padded base64 text has bits that decode to nothing (RFC 4648, 3.5).
    ends = [found.start() for found in re.finditer(rb"[A-Za-z0-9+/](?==)", manifest)]
    digits = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    for place in ends:
        changed = bytearray(manifest)
        changed[place] = ord(digits[digits.index(chr(manifest[place])) ^ 1])
        with pytest.raises((BadInput, Damaged)):
            read_manifest(bytes(changed))
    assert ends or b"=" not in manifest


@pytest.mark.parametrize("extra", [b" ", b"\n", b"{}"])
def test_nothing_can_be_added_to_it(manifest: bytes, extra: bytes) -> None:
    for changed in (manifest + extra, extra + manifest):
        with pytest.raises((BadInput, Damaged)):
            read_manifest(changed)


def test_a_manifest_of_another_tenant_is_not_trusted(
    signed: bytes, tenant: Tenant, rival: Tenant
) -> None:
    foreign = make_manifest(signed, rival.lead, "tenant-2")
    result = verify_pdf(signed, trusted=[tenant.authority.certificate], manifest=foreign)
    assert result.verdict is Verdict.UNKNOWN_SIGNER


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"null"])
def test_what_is_no_manifest_is_said_in_words(data: bytes, signed: bytes) -> None:
    result = verify_pdf(signed, manifest=data)
    assert result.verdict is Verdict.ALTERED
    assert "not a manifest" in result.steps[1].sentence


def test_a_foreign_pdf_gets_no_manifest(tenant: Tenant) -> None:
    with pytest.raises(BadInput):
        make_manifest(b"%PDF-1.7", tenant.lead, "tenant-1")
