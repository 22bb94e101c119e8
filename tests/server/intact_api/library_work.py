"""What tests of the library do: files and folders through the API, on either store."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.server.conftest import Server

PDF = b"%PDF-1.7\n" + os.urandom(50_000)
PATH = "/api/v1/documents"


def begin(start: Callable[[], Server], request: pytest.FixtureRequest, folder: Path) -> Server:
    """A server whose files lie on the disk with SQLite, on a real S3 server with PostgreSQL."""
    server = start()
    if server.database.is_postgres:
        server.app.state.blobs = request.getfixturevalue("s3").store(folder)
    return server


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
