"""Uploads to the library: what a file is shows in its content, and what is no form is refused."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from intact_core import ids
from sync_server.services import documents
from tests.server.conftest import Server
from tests.server.intact_api.library_work import (
    PATH,
    PDF,
    begin,
    listed,
    spooled,
    stored,
    upload,
)


@pytest.fixture
def server(start: Callable[[], Server], request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    return begin(start, request, tmp_path)


@pytest.fixture
def office(server: Server) -> TestClient:
    return server.bearer("cbadmin@demo.example")


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
