"""Verification: genuine files pass, everything else is named for what it is."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from sample_certificate import certificate
from sample_report import PREPARED, photo, snapshot
from sample_signers import BODY, CLIENT, LEAD, Tenant

from intact_core.documents.audit_report import render_report
from intact_core.documents.certificate import render_certificate
from intact_core.documents.manifest import make_manifest
from intact_core.documents.seal import read_seals
from intact_core.documents.signing import seal_drawn_signature, sign_certificate, sign_report
from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verdict, Verification


def _step(result: Verification, name: str) -> tuple[bool | None, str]:
    step = next(step for step in result.steps if step.name == name)
    return step.ok, step.sentence


def _verify(pdf: bytes, tenant: Tenant, manifest: bytes | None = None) -> Verification:
    return verify_pdf(pdf, trusted=[tenant.authority.certificate], manifest=manifest)


def test_a_signed_report_is_genuine(signed: bytes, tenant: Tenant) -> None:
    result = _verify(signed, tenant)
    assert result.ok
    assert (result.verdict, result.kind, result.number) == (
        Verdict.GENUINE, "report", "AUD-2026-0042",
    )  # fmt: skip
    assert [step.ok for step in result.steps if step.ok is False] == []
    assert [(s.field, s.name, s.meaning, s.at) for s in result.signers] == [
        ("lead", "Ana Silva", LEAD.meaning, PREPARED),
        ("client", "Jo Murray", CLIENT.meaning, PREPARED),
    ]


def test_a_signed_certificate_is_genuine(signed_certificate: bytes, tenant: Tenant) -> None:
    result = _verify(signed_certificate, tenant)
    assert (result.verdict, result.kind, result.number) == (
        Verdict.GENUINE, "certificate", "CERT-2026-00017",
    )  # fmt: skip
    assert "look it up at https://" in _step(result, "status")[1]


def test_the_steps_come_in_the_order_of_the_design(signed: bytes, tenant: Tenant) -> None:
    manifest = make_manifest(signed, tenant.lead, "tenant-1")
    names = [step.name for step in _verify(signed, tenant, manifest).steps]
    assert names == [
        "file", "manifest", "log", "document", "coverage", "signatures", "signers", "right",
        "time", "signer", "status",
    ]  # fmt: skip


def test_an_authority_that_is_not_known_is_said_in_words(signed: bytes, rival: Tenant) -> None:
    for trusted in ([], [rival.authority.certificate]):
        result = verify_pdf(signed, trusted=trusted)
        assert result.verdict is Verdict.UNKNOWN_SIGNER
        ok, sentence = _step(result, "signer")
        assert ok is False
        assert "Meridian Certification document authority" in sentence
        assert "does not know" in sentence


def test_cutting_off_the_last_signature_is_noticed(
    signed: bytes, lead_signed: bytes, tenant: Tenant
) -> None:
    assert signed.startswith(lead_signed)
    result = _verify(lead_signed, tenant)
    assert result.verdict is Verdict.INCOMPLETE
    assert "the client" in _step(result, "signers")[1]


def test_cutting_off_all_signatures_is_noticed(rendered: bytes, tenant: Tenant) -> None:
    assert _verify(rendered, tenant).verdict is Verdict.UNSIGNED


@pytest.mark.parametrize("tail", [b"\n", b"\x00", b"%%EOF\n", b"% a comment\n"])
def test_appended_bytes_are_noticed(signed: bytes, tenant: Tenant, tail: bytes) -> None:
    result = _verify(signed + tail, tenant)
    assert result.verdict is Verdict.ALTERED
    assert f"{len(tail)} bytes were added" in _step(result, "coverage")[1]


def _incremental(signed: bytes, change: str) -> bytes:
    """A real incremental update by another PDF library."""
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    page = writer.root["/Pages"]["/Kids"][0]
    if change == "annotation":
        note = {"/Type": "/Annot", "/Subtype": "/FreeText"}
        entries = {generic.pdf_name(k): generic.pdf_name(v) for k, v in note.items()}
        entries[generic.pdf_name("/Rect")] = generic.ArrayObject(
            [generic.NumberObject(n) for n in (10, 10, 90, 90)]
        )
        annotation = writer.add_object(generic.DictionaryObject(entries))
        page["/Annots"] = generic.ArrayObject([annotation])
    else:
        page["/Rotate"] = generic.NumberObject(90)
    writer.update_container(page)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


@pytest.mark.parametrize("change", ["annotation", "rotation"])
def test_incremental_updates_are_noticed(signed: bytes, tenant: Tenant, change: str) -> None:
    changed = _incremental(signed, change)
    assert changed.startswith(signed)
    assert _verify(changed, tenant).verdict is Verdict.ALTERED


def test_a_file_written_anew_is_noticed(signed: bytes, tenant: Tenant) -> None:
    target = BytesIO()
    with pikepdf.open(BytesIO(signed)) as pdf:
        pdf.save(target)
    assert _verify(target.getvalue(), tenant).verdict in (Verdict.ALTERED, Verdict.UNSIGNED)


def test_a_change_between_the_signatures_is_noticed(lead_signed: bytes, tenant: Tenant) -> None:
    changed = _incremental(lead_signed, "annotation")
    sealed = seal_drawn_signature(changed, tenant.lead, CLIENT)
    result = _verify(sealed, tenant)
    assert result.verdict is Verdict.ALTERED
    assert _step(result, "coverage")[0] is True
    assert _step(result, "signatures")[0] is False


def test_a_report_signed_by_another_tenant_is_not_genuine(
    rendered: bytes, tenant: Tenant, rival: Tenant
) -> None:
    forged = seal_drawn_signature(sign_report(rendered, rival.lead, LEAD), rival.lead, CLIENT)
    assert _verify(forged, tenant).verdict is Verdict.UNKNOWN_SIGNER


def test_one_signature_of_another_tenant_is_enough_to_distrust(
    lead_signed: bytes, tenant: Tenant, rival: Tenant
) -> None:
    mixed = seal_drawn_signature(lead_signed, rival.lead, CLIENT)
    assert _verify(mixed, tenant).verdict is Verdict.UNKNOWN_SIGNER


def test_a_laptop_cannot_make_a_certificate(tenant: Tenant) -> None:
    forged = sign_certificate(render_certificate(certificate()), tenant.lead, BODY)
    result = _verify(forged, tenant)
    assert result.verdict is Verdict.WRONG_SIGNER
    assert "was not issued to sign this" in _step(result, "right")[1]


def test_a_signature_from_outside_the_certificates_days_is_named(
    rendered: bytes, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intact_core.documents.signing._check_time", lambda _signer, _at: None)
    late = replace(LEAD, at=PREPARED + timedelta(days=3000))
    result = _verify(sign_report(rendered, tenant.lead, late), tenant)
    ok, sentence = _step(result, "time")
    assert ok is False
    assert "clock may have been wrong" in sentence


@pytest.mark.parametrize("length", [0, 1, 7, 8, 500, 5000])
def test_a_cut_file_is_unreadable_not_an_error(signed: bytes, length: int) -> None:
    assert verify_pdf(signed[:length]).verdict is Verdict.UNREADABLE


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"%PDF-1.7", b"\x89PNG\r\n", b"%PDF-1.4\n" + b"[" * 5000, b"\x00" * 9999],
)
def test_what_is_no_pdf_is_said_in_words(data: bytes) -> None:
    result = verify_pdf(data)
    assert result.verdict is Verdict.UNREADABLE
    assert result.steps[-1].sentence


def test_a_foreign_pdf_is_not_ours() -> None:
    target = BytesIO()
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(target)
    result = verify_pdf(target.getvalue())
    assert result.verdict is Verdict.NOT_OURS
    assert "not made by Intact" in result.steps[-1].sentence


@pytest.mark.parametrize("name", ["audit.json", "certificate.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 3000, b"\xff\xfe"])
def test_a_foreign_pdf_with_our_attachments_name_is_refused(name: str, content: bytes) -> None:
    target = BytesIO()
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.attachments[name] = content
    pdf.save(target)
    assert not verify_pdf(target.getvalue()).ok


def test_texts_that_look_like_a_signature_disturb_nothing(tenant: Tenant) -> None:
    words = "<00>\n/ByteRange [0 1 2 3] /ETSI.CAdES.detached"
    report = snapshot(1, 0, audit_number=words, scope=words, objectives=words)
    meaning = replace(LEAD, meaning=words)
    signed = sign_report(render_report(report, photo), tenant.lead, meaning)
    pdf = seal_drawn_signature(signed, tenant.lead, replace(CLIENT, name=words, meaning=words))
    assert _verify(pdf, tenant).verdict is Verdict.GENUINE


def test_a_report_for_the_lead_alone_is_whole_with_one_signature(tenant: Tenant) -> None:
    report = snapshot(1, 0, expected_signers=snapshot().expected_signers[:1])
    pdf = sign_report(render_report(report, photo), tenant.lead, LEAD)
    assert _verify(pdf, tenant).verdict is Verdict.GENUINE
    assert len(read_seals(pdf)) == 1
