"""From the site to a certificate that anyone can verify, through the pages."""

import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from pypdf import PdfReader

from intact_core.documents.verification import verify_pdf
from intact_core.errors import RuleBroken
from intact_core.records.audits import AuditStatusHistory
from intact_core.records.certificates import Certificate, CertificateHistory
from intact_core.records.conclusions import CertificationDecision
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from tests.server.conftest import URL, Server
from tests.server.site_work import (
    CLIENT,
    LEAD,
    Work,
    amend,
    answered,
    decision,
    do_site_work,
    make_conflict,
    sign,
    submitted,
    to_client,
)


@pytest.fixture
def work(server: Server) -> Work:
    return do_site_work(server)


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
    refused = reviewer.post(path, decision()).text
    assert "conflict(s) wait for a choice" in refused
    assert '<a href="/conflicts">To the conflicts</a>' in refused
    nothing_was_decided(server)
    chosen = {"resolution": "server", "reason": "It names both gauges."}
    lead.done(f"/conflicts/{conflict_id}", chosen)
    reviewer.done(path, decision())


def test_denying_issues_no_certificate(server: Server, work: Work) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.done(f"/audits/{work.audit_id}/decision", decision(decision="deny"))
    assert "Do not certify" in page
    office = server.person("cbadmin@demo.example")
    path = f"/audits/{work.audit_id}"
    assert "Cancel this audit" not in office.get(path)
    assert "is decided; it stays" in office.post(f"{path}/cancel", {"reason": "x"}).text
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


def test_a_conflict_is_settled_with_a_reason_and_kept(server: Server, work: Work) -> None:
    conflict_id = make_conflict(server, work)
    lead, path = server.person(LEAD), f"/conflicts/{conflict_id}"
    page = lead.get(f"/audits/{work.audit_id}/conflicts")
    assert "Amina Hassan" in page
    assert "<script>alert" not in page
    refused = lead.post(path, {"resolution": "incoming", "reason": " ", "value:evidence": "Both"})
    assert refused.status_code == 200
    assert "Say why you chose" in refused.text
    assert "Both</textarea>" in refused.text, "what was typed is kept"
    edited = {
        "resolution": "edited",
        "reason": "Both are right.",
        "value:evidence": "PG-07, PG-11; release 4411.",
    }
    assert "Nothing waits" in lead.done(path, edited)
    assert "settled this conflict already" in lead.post(path, edited).text
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


def change_statement(server: Server, work: Work, statement: str = "Nothing.") -> None:
    tenant_id = server.tenant_of(LEAD)
    with server.database.write(tenant_id) as session:
        session.get_one(NonConformity, (tenant_id, work.major_id)).description = statement


def test_after_the_signature_the_answers_stay_open_and_the_finding_shut(
    server: Server, work: Work
) -> None:
    sign(server, work)
    with pytest.raises(RuleBroken, match="The report of this audit is signed"):
        change_statement(server, work)
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    reviewer.done(f"/audits/{work.audit_id}/decision", decision())
    page = server.person(CLIENT).get(f"/audits/{work.audit_id}")
    assert "Daniel Otieno</strong>, Lead auditor" in page
    assert "I stand by this report" in page


def test_a_signed_report_is_amended_before_the_decision(server: Server, work: Work) -> None:
    sign(server, work)
    submitted(server, work)
    amend(server, work)
    change_statement(server, work, "At site B, not A.")
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.post(f"/audits/{work.audit_id}/decision", decision()).text
    assert "The decision waits for its signature" in page
    page = reviewer.get(f"/audits/{work.audit_id}")
    assert "The name of the site was wrong." in page
    sign(server, work)
    with pytest.raises(RuleBroken, match="The report of this audit is signed"):
        change_statement(server, work)
    reviewer.done(f"/audits/{work.audit_id}/decision", decision())
    with pytest.raises(RuleBroken, match="The decision was made on this report"):
        amend(server, work)


def test_two_deciders_at_once_make_one_decision(server: Server, work: Work) -> None:
    submitted(server, work)
    people = [server.person(f"{name}@demo.example") for name in ("reviewer", "cbadmin")]
    tokens = [person.token() for person in people]
    start = threading.Barrier(2)

    def decide(place: int) -> int:
        start.wait()
        sent = decision(form_token=tokens[place])
        path = f"/audits/{work.audit_id}/decision"
        return people[place].client.post(path, data=sent, headers={"origin": URL}).status_code

    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(decide, range(2)))
    assert codes == [200, 303]
    with server.database.read(server.tenant_of(LEAD)) as session:
        assert session.query(Certificate).count() == 1
        assert session.query(CertificationDecision).count() == 1
        assert session.query(AuditStatusHistory).filter_by(to_status="decided").count() == 1


def test_anybody_may_have_a_file_checked(server: Server, work: Work) -> None:
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.done(f"/audits/{work.audit_id}/decision", decision())
    pdf = reviewer.client.get(re.search(r"/certificates/[0-9a-f-]+/pdf", page)[0]).content

    def check(content: bytes) -> str:
        files = {"file": ("c.pdf", content, "application/pdf")}
        return server.client().post("/verify", files=files).text

    genuine = check(pdf)
    assert "✓ Genuine" in genuine
    number = re.search(r'href="/verify/([^"]+)"', genuine)[1]
    assert server.client().get(f"/verify/{number}").status_code == 200
    assert "✗ Altered" in check(pdf[:-1] + b" ")
    assert "✗ Not" in check(b"no pdf")
    assert "✓ Genuine" not in check(pdf.replace(b"/Type", b"/Tipe", 1))
