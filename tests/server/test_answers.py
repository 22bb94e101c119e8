"""The client's answers: what they need, what may be attached, who sees what."""

import io
import re
import zipfile

import pytest

from intact_core.records.findings import NonConformity
from tests.server.conftest import Server
from tests.server.site_work import (
    ANSWER,
    CLIENT,
    LEAD,
    PNG,
    Work,
    answered,
    do_site_work,
    to_client,
)


@pytest.fixture
def work(server: Server) -> Work:
    return do_site_work(server)


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
