"""Signing: PAdES signatures that other programs accept, in the right order, by the right key."""

import subprocess
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from shutil import which

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from sample_report import PREPARED, drawn_png, photo, snapshot
from sample_signers import CLIENT, LEAD, Tenant

from intact_core.documents.audit_report import render_report
from intact_core.documents.signer import sign_bytes, signature_holds
from intact_core.documents.signing import seal_drawn_signature, sign_report
from intact_core.documents.x509_certificates import (
    SIGNS_CERTIFICATES,
    SIGNS_REPORTS,
    Subject,
    common_name,
    issue_device_certificate,
    may_sign,
)
from intact_core.errors import BadInput, RuleBroken


def _pdfsig(pdf: bytes, folder: Path) -> str:
    (folder / "file.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdfsig", "file.pdf"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout


needs_pdfsig = pytest.mark.skipif(not which("pdfsig"), reason="poppler-utils is not installed")


@needs_pdfsig
def test_pdfsig_agrees_on_the_report(signed: bytes, tmp_path: Path) -> None:
    said = _pdfsig(signed, tmp_path)
    assert said.count("Signature Validation: Signature is Valid.") == 2
    assert said.count("ETSI.CAdES.detached") == 2
    assert "Mar 05 2026 14:30:00" in said
    assert said.rindex("Total document signed") > said.index("Signature #2")


@needs_pdfsig
def test_pdfsig_agrees_on_the_certificate(signed_certificate: bytes, tmp_path: Path) -> None:
    said = _pdfsig(signed_certificate, tmp_path)
    assert said.count("Signature Validation: Signature is Valid.") == 1
    assert "Total document signed" in said


@needs_pdfsig
def test_pdfsig_sees_a_changed_byte(signed: bytes, tmp_path: Path) -> None:
    changed = bytearray(signed)
    changed[len(changed) // 2] ^= 1
    assert "Signature is Valid" not in _pdfsig(bytes(changed), tmp_path)


def test_signing_only_appends(rendered: bytes, lead_signed: bytes, signed: bytes) -> None:
    assert lead_signed.startswith(rendered)
    assert signed.startswith(lead_signed)


def test_the_lead_certifies_and_only_fields_may_be_filled(signed: bytes) -> None:
    with pikepdf.open(BytesIO(signed)) as pdf:
        certifying = pdf.Root.Perms.DocMDP
        assert str(certifying.Name) == "Ana Silva"
        assert str(certifying.Reason) == LEAD.meaning
        assert int(certifying.Reference[0].TransformParams.P) == 2


def test_both_stamps_are_visible(signed: bytes) -> None:
    with pikepdf.open(BytesIO(signed)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            assert "/N" in field.AP
            left, _, right, _ = (float(side) for side in field.Rect)
            assert right - left > 300


def test_the_client_cannot_sign_before_the_lead(rendered: bytes, tenant: Tenant) -> None:
    with pytest.raises(RuleBroken) as broken:
        seal_drawn_signature(rendered, tenant.lead, CLIENT)
    assert broken.value.code == "LEAD_SIGNS_FIRST"


def test_nobody_signs_twice(signed: bytes, tenant: Tenant) -> None:
    with pytest.raises(RuleBroken) as lead:
        sign_report(signed, tenant.lead, LEAD)
    with pytest.raises(RuleBroken) as client:
        seal_drawn_signature(signed, tenant.lead, CLIENT)
    assert {lead.value.code, client.value.code} == {"ALREADY_SIGNED"}


def test_nobody_signs_with_another_persons_certificate(rendered: bytes, tenant: Tenant) -> None:
    with pytest.raises(RuleBroken) as broken:
        sign_report(rendered, tenant.lead, replace(LEAD, name="Tom Okafor"))
    assert broken.value.code == "NOT_YOUR_CERTIFICATE"


@pytest.mark.parametrize("years", [-1, 3])
def test_a_clock_that_is_years_wrong_is_noticed(
    rendered: bytes, tenant: Tenant, years: int
) -> None:
    wrong = replace(LEAD, at=PREPARED + timedelta(days=365 * years))
    with pytest.raises(RuleBroken) as broken:
        sign_report(rendered, tenant.lead, wrong)
    assert broken.value.code == "CERTIFICATE_NOT_VALID"
    assert "clock" in broken.value.sentence


def test_a_report_for_the_lead_alone_has_no_place_for_the_client(tenant: Tenant) -> None:
    report = snapshot(0, 0, expected_signers=snapshot().expected_signers[:1])
    pdf = sign_report(render_report(report, photo), tenant.lead, LEAD)
    with pytest.raises(BadInput):
        seal_drawn_signature(pdf, tenant.lead, CLIENT)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 nothing", b"text"])
def test_what_is_no_pdf_is_refused_with_a_sentence(data: bytes, tenant: Tenant) -> None:
    with pytest.raises(BadInput) as refused:
        sign_report(data, tenant.lead, LEAD)
    assert "cannot be signed" in refused.value.sentence


def _huge_png() -> bytes:
    png = bytearray(drawn_png((40, 20)))
    png[16:24] = (20_000).to_bytes(4, "big") * 2
    return bytes(png)


@pytest.mark.parametrize("png", [b"", b"no picture", drawn_png((40, 20))[:60], _huge_png()])
def test_a_drawn_signature_that_is_no_picture_is_refused(
    lead_signed: bytes, tenant: Tenant, png: bytes
) -> None:
    with pytest.raises(BadInput) as refused:
        seal_drawn_signature(lead_signed, tenant.lead, replace(CLIENT, image_png=png))
    assert "sign again" in refused.value.sentence


def test_a_signature_has_one_byte_form_only(tenant: Tenant) -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signature = sign_bytes(tenant.lead.key, b"text")
    assert signature_holds(tenant.lead.certificate, signature, b"text")
    r, s = decode_dss_signature(signature)
    twin = encode_dss_signature(r, order - s)
    tenant.lead.key.public_key().verify(twin, b"text", ec.ECDSA(hashes.SHA256()))
    assert not signature_holds(tenant.lead.certificate, twin, b"text")


def test_certificates_say_what_they_may_sign(tenant: Tenant) -> None:
    assert may_sign(tenant.lead.certificate, SIGNS_REPORTS)
    assert not may_sign(tenant.lead.certificate, SIGNS_CERTIFICATES)
    assert may_sign(tenant.server.certificate, SIGNS_CERTIFICATES)
    assert common_name(tenant.lead.certificate) == "Ana Silva"
    usage = tenant.lead.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.key_cert_sign
    tenant.lead.certificate.verify_directly_issued_by(tenant.authority.certificate)


def test_only_p_256_keys_are_certified(tenant: Tenant) -> None:
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    with pytest.raises(ValueError, match="P-256"):
        issue_device_certificate(tenant.authority, other, Subject("A", "B", "C"))
