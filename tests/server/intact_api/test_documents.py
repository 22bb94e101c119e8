"""The library: uploads by stream and content, downloads by range, a tree without circles.

With SQLite the files lie on the disk, with PostgreSQL on a real S3 server.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from intact_core import ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_core.records.library import EvidenceDocument
from sync_server.services import documents
from sync_server.tables.base import table_of
from sync_server.tables.blobs import StoredBlob
from sync_server.tables.ledger import AuditLog
from tests.server.conftest import Server
from tests.server.intact_api.together import at_once

PDF = b"%PDF-1.7\n" + os.urandom(50_000)
PATH = "/api/v1/documents"


@pytest.fixture
def server(start: Callable[[], Server], request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    server = start()
    if server.database.is_postgres:
        server.app.state.blobs = request.getfixturevalue("s3").store(tmp_path)
    return server


@pytest.fixture
def office(server: Server) -> TestClient:
    return server.bearer("cbadmin@demo.example")


def upload(client: TestClient, name: str = "report.pdf", content: bytes = PDF, **fields: str):
    return client.post(PATH, files={"file": (name, content)}, data=fields)


def stored(
    client: TestClient, name: str = "report.pdf", content: bytes = PDF, **fields: str
) -> dict:
    answer = upload(client, name, content, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def folder(client: TestClient, name: str, parent: str | None = None) -> str:
    answer = client.post(f"{PATH}/folder", json={"name": name, "parent_id": parent})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


def listed(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"{PATH}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["data"]]


def spooled(server: Server) -> list[Path]:
    incoming = server.app.state.blobs.incoming
    return list(incoming.iterdir()) if incoming.exists() else []


def logged(server: Server, action: str) -> list[str]:
    with server.database.read(server.tenant_of("cbadmin@demo.example")) as session:
        log = table_of(AuditLog)
        return list(session.scalars(select(log.c.new_values).where(log.c.action == action)))


def test_a_file_goes_in_and_comes_out_the_same(server: Server, office: TestClient) -> None:
    place = folder(office, "Audit Reports")
    row = stored(office, parent_id=place, description="Final")
    assert row["name"] == "report.pdf"
    assert row["size"] == len(PDF)
    assert row["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (row["version"], row["content_type"]) == ("1.0", "application/pdf")
    assert (row["parent_id"], row["description"]) == (place, "Final")
    assert row["owner_id"] == str(server.account("cbadmin@demo.example").user_id)
    assert office.get(f"{PATH}/{row['id']}").json()["data"] == row
    got = office.get(f"{PATH}/{row['id']}/download")
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-length"] == str(len(PDF))
    assert got.headers["content-disposition"] == 'attachment; filename="report.pdf"'
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["cache-control"] == "private, no-store"
    [noted] = logged(server, "DOWNLOAD")
    assert row["sha256"] in noted
    assert office.get(f"{PATH}/{place}/download").status_code == 400
    assert spooled(server) == []


def test_parts_of_a_file(office: TestClient) -> None:
    address = f"{PATH}/{stored(office)['id']}/download"
    size, tag = len(PDF), f'"{hashlib.sha256(PDF).hexdigest()}"'

    def part(span: str, **more: str):
        return office.get(address, headers={"Range": span, **more})

    for span, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=40000-", 40_000, size),
        ("bytes=-10", size - 10, size),
        (f"bytes=10-{size * 2}", 10, size),
    ):
        got = part(span)
        assert (got.status_code, got.content) == (206, PDF[start:end]), span
        assert got.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert got.headers["content-length"] == str(end - start)
    for span in (f"bytes={size}-", "bytes=-0"):
        refused = part(span)
        assert refused.status_code == refused.json()["status_code"] == 416
        assert refused.headers["content-range"] == f"bytes */{size}"
    for ignored in (
        "lines=0-1",
        "bytes=5-2",
        "bytes=-",
        "bytes=0-1,4-5",
        "bytes=x-",
        "bytes=" + "9" * 5000 + "-",
    ):
        assert part(ignored).status_code == 200, ignored
    assert part("bytes=0-9", **{"If-Range": tag}).status_code == 206
    assert part("bytes=0-9", **{"If-Range": '"other"'}).content == PDF
    same = office.get(address, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)


def office_file(part: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(part, "<x/>")
    return made.getvalue()


NOT_TAKEN = (
    ("page.pdf", b"<html><script>alert(1)</script>"),
    ("page.html", PDF),
    ("run.exe", b"MZ" + bytes(100)),
    ("noending", PDF),
    ("picture.png", b"\xff\xd8\xff" + bytes(50)),
    ("letter.docx", office_file("xl/workbook.xml")),
    ("letter.docx", b"PK\x03\x04" + bytes(100)),
    ("letter.docx", office_file("word/document.xml") + b"PK\x05\x06" + b"\xff" * 18),
    ("notes.txt", b"text with \0 in it"),
    ("notes.txt", b"\xff\xfe\x00a"),
    ("notes.csv", "a;é".encode("latin-1")),
    ("empty.pdf", b""),
)


def test_what_a_file_is_shows_in_its_content(server: Server, office: TestClient) -> None:
    for name, content in NOT_TAKEN:
        refused = upload(office, name, content)
        assert refused.status_code == 400, refused.text
        assert name in refused.json()["message"]
    assert listed(office) == []
    assert spooled(server) == []


def test_kinds_that_are_taken(office: TestClient) -> None:
    kinds = {
        "letter.docx": office_file("word/document.xml"),
        "table.XLSX": office_file("xl/workbook.xml"),
        "slides.pptx": office_file("ppt/presentation.xml"),
        "photo.jpeg": b"\xff\xd8\xff\xe0" + bytes(50),
        "notes.txt": "Größe, 3 µm\r\n\tZeile".encode(),
        "empty.csv": b"",
    }
    for name, content in kinds.items():
        row = stored(office, name, content)
        got = office.get(f"{PATH}/{row['id']}/download")
        assert (got.content, got.headers["content-type"]) == (content, row["content_type"])
    assert len(listed(office)) == len(kinds)


def test_a_form_that_is_none(server: Server, office: TestClient) -> None:
    def send(content: bytes, kind: str = "multipart/form-data; boundary=x"):
        return office.post(PATH, content=content, headers={"Content-Type": kind})

    good = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1\r\n'
    for content in (
        b"",
        b"nothing",
        good,
        good[:60],
        good.replace(b"; filename=", b"; filenam=") + b"--x--\r\n",
        good.replace(b'"file"', b'"other"') + b"--x--\r\n",
        good + good + b"--x--\r\n",
        b"--x\r\n" + b"A" * 200_000 + b": b\r\n\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="description"\r\n\r\n'
        + b"a" * 200_000
        + b"\r\n"
        + good
        + b"--x--\r\n",
    ):
        refused = send(content)
        assert refused.status_code == 400, (content[:80], refused.text)
        assert refused.json()["success"] is False
    assert send(good + b"--x--\r\n").status_code == 201
    for kind in ("application/json", "multipart/form-data", "text/plain"):
        assert send(good, kind).status_code == 400
    for fields in ({"parent_id": "x"}, {"parent_id": str(ids.new_id())}, {"colour": "red"}):
        assert upload(office, **fields).status_code == 400, fields
    assert upload(office, parent_id=stored(office)["id"]).status_code == 400, "a file is no folder"
    assert spooled(server) == []


def test_too_much_is_refused(
    server: Server, office: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = {"Content-Length": str(documents.LARGEST * 2), "Content-Type": "multipart/form-data"}
    announced = office.post(PATH, content=b"", headers=head)
    assert announced.status_code == announced.json()["status_code"] == 413

    monkeypatch.setattr("sync_server.api.intact.documents.LARGEST", 2 << 20)
    found = upload(office, content=b"%PDF-" + bytes(3 << 20))
    assert (found.status_code, found.json()["status_code"]) == (413, 413)
    assert "at most 2 MB" in found.json()["message"]
    assert listed(office) == []
    assert spooled(server) == []


NAMES = (
    (
        "Bericht Größe.pdf",
        "filename=\"Bericht Gr__e.pdf\"; filename*=UTF-8''Bericht%20Gr%C3%B6%C3%9Fe.pdf",
    ),
    ("a;b.pdf", 'filename="a;b.pdf"'),
    ("100%25.pdf", "filename=\"100_25.pdf\"; filename*=UTF-8''100%2525.pdf"),
    ("../../etc/passwd.pdf", 'filename="passwd.pdf"'),
    ("C:\\temp\\x.pdf", 'filename="x.pdf"'),
)


def test_names_survive_headers(office: TestClient) -> None:
    for name, told in NAMES:
        row = stored(office, name)
        got = office.get(f"{PATH}/{row['id']}/download")
        assert got.headers["content-disposition"] == f"attachment; {told}"
    assert office.put(f"{PATH}/{row['id']}", json={"name": 'Final "1"\r\nX: y'}).status_code == 200
    again = office.get(f"{PATH}/{row['id']}/download").headers
    assert "x" not in again
    assert again["content-disposition"] == (
        'attachment; filename="Final _1___X_ y.pdf"; '
        "filename*=UTF-8''Final%20%221%22%0D%0AX%3A%20y.pdf"
    )


def test_versions_and_the_same_content_twice(server: Server, office: TestClient) -> None:
    first, other = stored(office), stored(office, "copy.pdf")
    assert first["id"] != other["id"]
    assert first["sha256"] == other["sha256"]
    path = f"{PATH}/{first['id']}"
    same = office.post(f"{path}/versions", files={"file": ("again.pdf", PDF)})
    assert (same.status_code, same.json()["code"]) == (409, "duplicate")
    newer = office.post(
        f"{path}/versions",
        files={"file": ("new.txt", b"Newer")},
        data={"change_note": "As text"},
    )
    assert newer.status_code == 201, newer.text
    assert newer.json()["data"]["version"] == "2.0"
    assert newer.json()["data"]["content_type"] == "text/plain; charset=utf-8"
    told = office.get(f"{path}/versions").json()
    assert [(one["version"], one["change_note"]) for one in told["data"]] == [
        ("2.0", "As text"),
        ("1.0", None),
    ]
    assert office.get(f"{path}/download").content == b"Newer"
    assert office.get(f"{path}/download?version=1.0").content == PDF
    assert office.get(f"{path}/download?version=3.0").status_code == 404
    assert office.get(f"{PATH}/{folder(office, 'F')}/versions").status_code == 400
    key = {"Idempotency-Key": "k"}
    twice = [
        office.post(PATH, files={"file": ("k.pdf", PDF)}, headers=key).json()["data"]["id"]
        for _ in range(2)
    ]
    assert twice[0] == twice[1]
    changed = office.post(PATH, files={"file": ("k.pdf", PDF + b"x")}, headers=key)
    assert changed.status_code == 409
    lost = f"{PATH}/{ids.new_id()}/versions"
    assert office.post(lost, files={"file": ("a.pdf", PDF)}).status_code == 404


def test_the_tree(office: TestClient) -> None:
    top = folder(office, "Top")
    middle = folder(office, "Middle", top)
    low = folder(office, "Low", middle)
    file = stored(office, "plan.pdf", parent_id=low, description="The audit plan")
    assert listed(office, f"parent_id={top}") == ["Middle"]
    assert set(listed(office, "is_folder=true")) == {"Top", "Middle", "Low"}
    assert listed(office, "is_folder=false") == ["plan.pdf"]
    assert listed(office, "search=AUDIT PL") == ["plan.pdf"]
    for below in (top, middle, low):
        refused = office.put(f"{PATH}/{top}", json={"parent_id": below})
        assert (refused.status_code, refused.json()["code"]) == (409, "cycle"), below
    for wrong in (file["id"], str(ids.new_id())):
        assert office.put(f"{PATH}/{low}", json={"parent_id": wrong}).status_code == 400
    assert office.put(f"{PATH}/{low}", json={"name": None}).status_code == 400
    assert office.put(f"{PATH}/{low}", json={"is_folder": False}).status_code == 400
    moved = office.put(f"{PATH}/{low}", json={"parent_id": None, "name": "Lowest"}).json()["data"]
    assert (moved["parent_id"], moved["name"]) == (None, "Lowest")
    assert office.put(f"{PATH}/{top}", json={"parent_id": low}).status_code == 200
    refused = office.delete(f"{PATH}/{low}")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_empty")
    assert len(listed(office)) == 4
    assert office.delete(f"{PATH}/{middle}").status_code == 200
    assert office.delete(f"{PATH}/{low}?recursive=true").status_code == 200
    assert listed(office) == []
    assert office.get(f"{PATH}/{file['id']}/download").status_code == 404
    assert upload(office, parent_id=top).status_code == 400, "the folder is gone"


def test_what_evidence_stands_on_stays(server: Server, office: TestClient) -> None:
    top = folder(office, "Top")
    file = stored(office, parent_id=top)
    with server.database.write(server.tenant_of("cbadmin@demo.example")) as session:
        audit = session.scalars(select(AuditSchedule)).first()
        evidence = AuditEvidence(
            id=ids.new_id(),
            audit_schedule_id=audit.id,
            file_name="x.pdf",
            content_type="application/pdf",
            size=1,
            sha256=file["sha256"],
        )
        session.add(evidence)
        session.flush()
        session.add(EvidenceDocument(evidence_id=evidence.id, document_id=UUID(file["id"])))
    for path in (file["id"], f"{top}?recursive=true"):
        refused = office.delete(f"{PATH}/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert set(listed(office)) == {"Top", "report.pdf"}


def both(first: Callable[[], int], second: Callable[[], int]) -> list[int]:
    return sorted(at_once(first, second))


def test_two_at_once_make_neither_a_ring_nor_an_orphan(office: TestClient) -> None:
    def put_into(what: str, place: str) -> int:
        return office.put(f"{PATH}/{what}", json={"parent_id": place}).status_code

    def fill(place: str) -> int:
        sent = {"name": "In", "parent_id": place}
        return office.post(f"{PATH}/folder", json=sent).status_code

    def remove(place: str) -> int:
        return office.delete(f"{PATH}/{place}").status_code

    for _ in range(3):
        one, two, lone = (folder(office, name) for name in ("One", "Two", "Lone"))
        assert both(partial(put_into, one, two), partial(put_into, two, one)) == [200, 409]
        seen = both(partial(remove, lone), partial(fill, lone))
        assert seen in ([200, 400], [201, 409]), seen


def test_the_same_content_twice_at_once_is_stored_once(server: Server, office: TestClient) -> None:
    for number in range(3):
        content = PDF + bytes([number])

        def send(content: bytes = content) -> int:
            return upload(office, content=content).status_code

        assert both(send, send) == [201, 201]
    tenant_id = server.tenant_of("cbadmin@demo.example")
    with server.database.read(tenant_id) as session:
        names = [hashlib.sha256(PDF + bytes([number])).hexdigest() for number in range(3)]
        found = session.scalars(select(StoredBlob.sha256).where(StoredBlob.sha256.in_(names)))
        assert sorted(found) == sorted(names)


def test_a_body_without_its_length_is_counted(
    server: Server, office: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_server.app.LARGEST_BODY", 10_000)

    def pieces() -> Iterator[bytes]:
        yield b'{"email": "'
        for _ in range(20):
            yield b"x" * 1000

    refused = server.client().post(
        "/api/v1/auth/login", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == refused.json()["status_code"] == 413
    assert upload(office).status_code == 201, "a library takes more"


def test_who_may_what(server: Server, office: TestClient) -> None:
    row = stored(office)
    client = server.bearer("client@demo.example")
    assert client.get(f"{PATH}/{row['id']}/download").status_code == 403
    assert upload(client).status_code == 403
    auditor = server.bearer("auditor@demo.example")
    assert auditor.get(f"{PATH}/{row['id']}/download").content == PDF
    assert auditor.delete(f"{PATH}/{row['id']}").status_code == 403
    rival = server.bearer("cbadmin@rival.example")
    for path in ("", "/download", "/versions"):
        missing = rival.get(f"{PATH}/{ids.new_id()}{path}")
        foreign = rival.get(f"{PATH}/{row['id']}{path}")
        assert (foreign.status_code, foreign.json()) == (404, missing.json())
    assert upload(server.client()).status_code == 401
    assert spooled(server) == []
