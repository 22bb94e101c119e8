"""The signature's envelope: re-encoded, padded or extended, it is no longer ours."""

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from sample_signers import Tenant

from intact_core.documents import cms_profile
from intact_core.documents.seal import Seal, read_seals
from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verdict
from intact_core.errors import Damaged

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def seal(signed: bytes) -> Seal:
    return read_seals(signed)[-1]


def _with_envelope(signed: bytes, seal: Seal, der: bytes) -> bytes:
    left, right = seal.hole
    digits = der.hex().upper().encode().ljust(right - left - 2, b"0")
    assert len(digits) == right - left - 2
    return signed[: left + 1] + digits + signed[right - 1 :]


def _refused(signed: bytes, seal: Seal, der: bytes, tenant: Tenant) -> bool:
    pdf = _with_envelope(signed, seal, der)
    verdict = verify_pdf(pdf, trusted=[tenant.authority.certificate]).verdict
    return verdict is Verdict.ALTERED


def test_the_envelope_is_rebuilt_to_the_byte(signed: bytes, seal: Seal, tenant: Tenant) -> None:
    der = cms_profile.build(seal.envelope)
    assert _with_envelope(signed, seal, der) == signed
    assert cms_profile.read(der) == seal.envelope


def test_the_twin_of_the_signature_is_refused(signed: bytes, seal: Seal, tenant: Tenant) -> None:
    r, s = decode_dss_signature(seal.envelope.signature)
    twin = cms_profile.Envelope(
        seal.envelope.certificates, seal.envelope.digest, encode_dss_signature(r, ORDER - s)
    )
    assert _refused(signed, seal, cms_profile.build(twin), tenant)


def test_an_unsigned_attribute_is_refused(signed: bytes, seal: Seal, tenant: Tenant) -> None:
    content = cms.ContentInfo.load(cms_profile.build(seal.envelope))
    attribute = cms.CMSAttribute({"type": "1.2.3.4", "values": []})
    content["content"]["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])
    assert _refused(signed, seal, content.dump(force=True), tenant)


def test_another_certificate_in_the_bag_is_refused(
    signed: bytes, seal: Seal, tenant: Tenant, rival: Tenant
) -> None:
    certificates = (*seal.envelope.certificates, rival.authority.certificate)
    bigger = cms_profile.Envelope(certificates, seal.envelope.digest, seal.envelope.signature)
    assert _refused(signed, seal, cms_profile.build(bigger), tenant)


def test_a_missing_authority_is_refused(signed: bytes, seal: Seal, tenant: Tenant) -> None:
    smaller = cms_profile.Envelope(
        seal.envelope.certificates[:1], seal.envelope.digest, seal.envelope.signature
    )
    assert _refused(signed, seal, cms_profile.build(smaller), tenant)


def test_lower_case_digits_are_refused(signed: bytes, seal: Seal, tenant: Tenant) -> None:
    left, right = seal.hole
    lowered = signed[:left] + signed[left:right].lower() + signed[right:]
    assert lowered != signed
    result = verify_pdf(lowered, trusted=[tenant.authority.certificate])
    assert result.verdict is Verdict.ALTERED


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"\x30\x80\x00\x00", b"\x00" * 40, b"\x30\x84"])
def test_what_is_no_envelope_is_damaged(der: bytes) -> None:
    with pytest.raises(Damaged):
        cms_profile.read(der)
