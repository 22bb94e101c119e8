"""From the site to a certificate that anyone can verify, through the pages."""

import io
import re
import zipfile

import pytest
from cryptography import x509
from pypdf import PdfReader

from intact_core import clock
from intact_core.documents.verification import verify_pdf
from intact_core.records.certificates import Certificate, CertificateHistory
from intact_core.records.conclusions import CertificationDecision
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from sync_server.services.demo import PASSWORD
from tests.server.conftest import Browser, Server
from tests.server.site_work import Work, do_site_work, make_conflict

LEAD, CLIENT = "lead@demo.example", "client@demo.example"
ANSWER = {
    "cause": "The gauge register was kept by one person who left.",
    "correction": "Both gauges were calibrated on the next day.",
    "corrective_action": "The register moved into the maintenance plan; two people own it.",
    "submit": "send",
}
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00"
    b"\x00IEND\xaeB`\x82"
)


@pytest.fixture
def work(server: Server) -> Work:
    return do_site_work(server)


def decision(**other: str) -> dict[str, str]:
    return {
        "decision": "certify",
        "decision_date": str(clock.today()),
        "validity_period_years": "3",
        "password": PASSWORD,
        **other,
    }


def to_client(server: Server, work: Work) -> Browser:
    lead = server.person(LEAD)
    page = lead.done(f"/audits/{work.audit_id}/step", {"to": "client_review"})
    assert "Audit status changed to client_review" in page
    return lead


def answered(server: Server, work: Work) -> Browser:
    lead, client = to_client(server, work), server.person(CLIENT)
    for finding_id in (work.major_id, work.minor_id):
        client.done(f"/findings/{finding_id}/answer", ANSWER)
        lead.done(f"/findings/{finding_id}/review", {"verdict": "accept"})
    return lead


def submitted(server: Server, work: Work) -> None:
    lead = answered(server, work)
    notes = {"verification_notes": "Saw both calibration certificates and the new plan."}
    lead.done(f"/findings/{work.major_id}/verify", notes)
    lead.done(f"/audits/{work.audit_id}/step", {"to": "submitted_to_cb"})


def test_the_whole_line(server: Server, work: Work) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.get(f"/audits/{work.audit_id}/decision")
    assert re.search(r"Daniel Otieno</strong><br>[^<]*<span[^>]*>Was on the audit team\.", page)
    assert re.search(r"Peter Mwangi</strong> may decide", page)
    page = reviewer.done(f"/audits/{work.audit_id}/decision", decision())
    number = re.search(r"Certificate (DC-\d{4}-001-\w{6}) is issued", page)[1]

    pdf = reviewer.client.get(re.search(r"/certificates/[0-9a-f-]+/pdf", page)[0]).content
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        authority = server.keys.authority(session, tenant_id).certificate
        made = session.query(Certificate).one()
        assert session.query(CertificateHistory).one().action == "issued"
    assert (made.expiry_date - made.issue_date).days in (1094, 1095)
    found = verify_pdf(pdf, trusted=[authority])
    assert found.ok, found.steps
    text = "".join(part.extract_text() for part in PdfReader(io.BytesIO(pdf)).pages)
    assert number in text
    assert "Acme Ltd" in text
    assert not verify_pdf(pdf.replace(b"Acme", b"Akme", 1) + b" ", trusted=[authority]).ok

    answer = server.client().get(f"/api/v1/certificates/verify/{number}").json()
    assert answer["data"] == {
        "certificate_number": number,
        "client_name": "Acme Ltd",
        "standard": "ISO 9001:2015",
        "issue_date": str(made.issue_date),
        "expiry_date": str(made.expiry_date),
        "status": "active",
        "is_valid": True,
    }
    public = server.client().get(f"/verify/{number.lower()}")
    assert public.status_code == 200
    assert "✓ Valid" in public.text
    audit = server.person(LEAD).get(f"/audits/{work.audit_id}")
    assert number in audit
    assert server.person(CLIENT).get("/certificates").count(number) == 1
    assert number not in server.person("cbadmin@rival.example").get("/certificates")


def test_a_team_member_is_refused_as_decider_with_the_reason(server: Server, work: Work) -> None:
    submitted(server, work)
    lead = server.person(LEAD)
    assert "Was on the audit team." in lead.get(f"/audits/{work.audit_id}/decision")
    refused = lead.post(f"/audits/{work.audit_id}/decision", decision())
    assert refused.status_code == 200
    assert "You may not decide on this audit. Was on the audit team." in refused.text
    assert "ISO/IEC 17021-1:2015, 9.5.1" in refused.text
    nothing_was_decided(server)


def nothing_was_decided(server: Server) -> None:
    with server.database.read(server.tenant_of(LEAD)) as session:
        assert session.query(CertificationDecision).count() == 0
        assert session.query(Certificate).count() == 0


def test_a_decision_needs_the_password_again(server: Server, work: Work) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    path = f"/audits/{work.audit_id}/decision"
    sent = decision(password="wrong", special_conditions="Visit the foundry in six months.")
    page = reviewer.post(path, sent).text
    assert "Address or password is wrong" in page
    assert "Visit the foundry in six months." in page, "what was typed is kept"
    nothing_was_decided(server)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"decision_date": "2199-01-01"}, "in the future"),
        ({"decision_date": "x"}, "Fill in the date"),
        ({"validity_period_years": "40"}, "lasts 1 to 5 years"),
        ({"decision": "certify_conditions"}, "Write down the conditions"),
        ({"decision": "anything"}, "must be one of"),
    ],
)
def test_a_decision_with_impossible_values_is_refused(
    server: Server, work: Work, wrong: dict[str, str], why: str
) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.post(f"/audits/{work.audit_id}/decision", decision(**wrong))
    assert page.status_code == 200
    assert why in page.text
    nothing_was_decided(server)


def test_an_unverified_major_and_an_open_conflict_block_the_grant(
    server: Server, work: Work
) -> None:
    lead = answered(server, work)
    lead.done(f"/audits/{work.audit_id}/step", {"to": "submitted_to_cb"})
    reviewer, path = server.person("reviewer@demo.example"), f"/audits/{work.audit_id}/decision"
    assert "NC-A-01 (major) is not verified yet" in reviewer.get(path)
    assert "NC-A-01 (major) is not verified yet" in reviewer.post(path, decision()).text
    lead.done(f"/findings/{work.major_id}/verify", {"verification_notes": "Seen."})
    conflict_id = make_conflict(server, work)
    assert "conflict(s) wait for a choice" in reviewer.post(path, decision()).text
    nothing_was_decided(server)
    chosen = {"resolution": "server", "reason": "It names both gauges."}
    lead.done(f"/conflicts/{conflict_id}", chosen)
    reviewer.done(path, decision())


def test_denying_issues_no_certificate(server: Server, work: Work) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.done(f"/audits/{work.audit_id}/decision", decision(decision="deny"))
    assert "Do not certify" in page
    with server.database.read(server.tenant_of(LEAD)) as session:
        assert session.query(Certificate).count() == 0


def test_a_decision_is_made_once(server: Server, work: Work) -> None:
    submitted(server, work)
    for email in ("reviewer@demo.example", "cbadmin@demo.example"):
        browser = server.person(email)
        answer = browser.post(f"/audits/{work.audit_id}/decision", decision())
    assert "Audit must be in submitted_to_cb status" in answer.text
    with server.database.read(server.tenant_of(LEAD)) as session:
        assert session.query(Certificate).count() == 1


def test_buttons_say_why_a_step_is_not_allowed(server: Server) -> None:
    work = do_site_work(server)
    tenant_id = server.tenant_of(LEAD)
    with server.database.write(tenant_id) as session:
        session.get_one(NonConformity, (tenant_id, work.minor_id)).evidence = ""
    page = server.person(LEAD).get(f"/audits/{work.audit_id}")
    assert "disabled" in page
    assert "NC-A-02: the objective evidence is missing" in page
    page = server.person("auditor@demo.example").get(f"/audits/{work.audit_id}")
    assert "You do not have permission to perform this transition" in page
    answer = server.person(LEAD).done(f"/audits/{work.audit_id}/step", {"to": "client_review"})
    assert "Audit documentation is not complete" in answer


def test_an_unanswered_major_keeps_the_audit_with_the_client(server: Server, work: Work) -> None:
    lead = to_client(server, work)
    page = lead.done(f"/audits/{work.audit_id}/step", {"to": "submitted_to_cb"})
    assert "Major nonconformity (Clause 7.1.5) has not been responded to" in page
    page = lead.done(f"/audits/{work.audit_id}/step", {"to": "decided"})
    assert "Invalid transition from &#39;client_review&#39; to &#39;decided&#39;" in page


def test_the_client_sees_findings_only_in_review(server: Server, work: Work) -> None:
    client = server.person(CLIENT)
    page = client.get(f"/audits/{work.audit_id}")
    assert "still at work" in page
    assert "NC-A-01" not in page
    client.get(f"/findings/{work.major_id}", 404)
    assert client.post(f"/findings/{work.major_id}/answer", ANSWER).status_code == 404
    to_client(server, work)
    assert "NC-A-01" in client.get(f"/audits/{work.audit_id}")
    assert "Your answer" in client.get(f"/findings/{work.major_id}")
    client.get(f"/evidence/{work.photo_id}", 404)
    assert client.client.get(f"/audits/{work.audit_id}/decision").status_code == 403


def test_an_answer_lacking_a_part_keeps_what_was_typed(server: Server, work: Work) -> None:
    to_client(server, work)
    client, path = server.person(CLIENT), f"/findings/{work.major_id}/answer"
    answer = client.post(path, {**ANSWER, "corrective_action": " "})
    assert "The response still lacks the corrective action." in answer.text
    assert ANSWER["cause"] in answer.text
    assert "Your draft is kept." in client.done(path, {**ANSWER, "submit": "keep"})
    assert ANSWER["correction"] in client.get(f"/findings/{work.major_id}")


def test_a_rejected_answer_comes_back_with_the_reason(server: Server, work: Work) -> None:
    lead, client = to_client(server, work), server.person(CLIENT)
    client.done(f"/findings/{work.major_id}/answer", ANSWER)
    path = f"/findings/{work.major_id}/review"
    assert "Say what the answer lacks" in lead.post(path, {"verdict": "reject"}).text
    lead.done(path, {"verdict": "reject", "review_notes": "Why did nobody notice for months?"})
    assert "Why did nobody notice for months?" in client.get(f"/findings/{work.major_id}")
    client.done(f"/findings/{work.major_id}/answer", ANSWER)


def test_verifying_needs_what_was_seen(server: Server, work: Work) -> None:
    lead = answered(server, work)
    path = f"/findings/{work.major_id}/verify"
    assert "Say what you saw" in lead.post(path, {"verification_notes": ""}).text
    files = {"files": ("calibration.png", PNG, "image/png")}
    lead.done(path, {"verification_notes": ""}, files=files)
    assert "calibration.png" in lead.get(f"/findings/{work.major_id}")


def office_file(part: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(part, "<x/>")
    return target.getvalue()


def test_the_client_attaches_files_of_allowed_kinds(server: Server, work: Work) -> None:
    to_client(server, work)
    client, path = server.person(CLIENT), f"/findings/{work.major_id}/answer"
    allowed = [
        ("files", ("../../plan.PDF", b"%PDF-1.7 x", "text/html")),
        ("files", ("proof.png", PNG, "image/png")),
        ("files", ("register.docx", office_file("word/document.xml"), "x/y")),
    ]
    page = client.done(path, ANSWER, files=allowed)
    for name in ("plan.PDF", "proof.png", "register.docx"):
        assert f">{name}</a>" in page
    link = re.search(r'href="(/evidence/[0-9a-f-]+)">plan', page)[1]
    answer = client.client.get(link)
    assert answer.headers["content-disposition"] == 'attachment; filename="plan.PDF"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "plan.PDF" in server.person(LEAD).get(f"/findings/{work.major_id}")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("run.exe", b"MZ", "File type not allowed"),
        ("page.html", b"<script>", "File type not allowed"),
        ("fake.pdf", b"<script>alert(1)</script>", "File type not allowed"),
        ("fake.docx", office_file("xl/workbook.xml"), "File type not allowed"),
        ("noname", b"%PDF-1.7", "File type not allowed"),
        ("large.pdf", b"%PDF-1.7" + bytes(10 * 1024 * 1024), "File size exceeds 10MB limit"),
    ],
)
def test_other_files_are_refused_and_nothing_is_kept(
    server: Server, work: Work, name: str, content: bytes, why: str
) -> None:
    to_client(server, work)
    client = server.person(CLIENT)
    files = [("files", (name, content, "application/pdf"))]
    answer = client.post(f"/findings/{work.major_id}/answer", ANSWER, files=files)
    assert why in answer.text
    assert ANSWER["cause"] in answer.text
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        assert session.get_one(NonConformity, (tenant_id, work.major_id)).status == "open"


def test_a_file_of_exactly_ten_megabytes_is_allowed(server: Server, work: Work) -> None:
    to_client(server, work)
    content = b"%PDF-1.7".ljust(10 * 1024 * 1024, b" ")
    files = [("files", ("large.pdf", content, "application/pdf"))]
    client = server.person(CLIENT)
    assert "large.pdf" in client.done(f"/findings/{work.major_id}/answer", ANSWER, files=files)


def test_evidence_has_small_pictures_or_a_placeholder(server: Server, work: Work) -> None:
    lead = server.person(LEAD)
    page = lead.get(f"/audits/{work.audit_id}")
    assert f'src="/evidence/{work.photo_id}/small"' in page
    assert f'src="/evidence/{work.broken_photo_id}/small"' not in page
    assert "no preview" in page
    small = lead.client.get(f"/evidence/{work.photo_id}/small")
    assert small.headers["content-type"] == "image/jpeg"
    assert len(small.content) < 30_000
    lead.get(f"/evidence/{work.broken_photo_id}/small", 404)
    assert lead.client.get(f"/evidence/{work.broken_photo_id}").content == b"\xff\xd8\xffbroken"


def test_a_conflict_is_settled_with_a_reason_and_kept(server: Server, work: Work) -> None:
    conflict_id = make_conflict(server, work)
    lead, path = server.person(LEAD), f"/conflicts/{conflict_id}"
    page = lead.get(f"/audits/{work.audit_id}/conflicts")
    assert "Amina Hassan" in page
    assert "<script>alert" not in page
    assert "Say why you chose" in lead.done(path, {"resolution": "incoming", "reason": " "})
    edited = {
        "resolution": "edited",
        "reason": "Both are right.",
        "value:evidence": "PG-07, PG-11; release 4411.",
    }
    assert "Nothing waits" in lead.done(path, edited)
    assert "settled this conflict already" in lead.done(path, edited)
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        row = session.get_one(Conflict, (tenant_id, conflict_id))
        assert (row.state, row.resolution, row.reason) == ("resolved", "edited", "Both are right.")
        finding = session.get_one(NonConformity, (tenant_id, work.major_id))
        assert finding.evidence == "PG-07, PG-11; release 4411."
    server.person(CLIENT).get(f"/audits/{work.audit_id}/conflicts", 403)


def test_the_authority_of_another_body_is_not_known(server: Server, work: Work) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.done(f"/audits/{work.audit_id}/decision", decision())
    pdf = reviewer.client.get(re.search(r"/certificates/[0-9a-f-]+/pdf", page)[0]).content
    rival = server.tenant_of("cbadmin@rival.example")
    with server.database.read(rival) as session:
        foreign: x509.Certificate = server.keys.authority(session, rival).certificate
    assert verify_pdf(pdf, trusted=[foreign]).verdict == "unknown_signer"
