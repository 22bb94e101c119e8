"""Files of the sync: resumed, verified, given out by range, and only to those concerned.

With SQLite they lie on the disk, with PostgreSQL on a real S3 server.
"""

import base64
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from intact_core import ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditEvidence
from tests.server.conftest import Laptop, Server
from tests.server.test_laptops import hello

CONTENT = os.urandom(300_000)
NAME = hashlib.sha256(CONTENT).hexdigest()
PATH = f"/sync/v1/blobs/{NAME}"


@pytest.fixture
def start(
    start: Callable[[], Server], request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[], Server]:
    s3 = url = None

    def begin() -> Server:
        nonlocal s3, url
        server = start()
        if server.database.is_postgres:
            s3 = s3 or request.getfixturevalue("s3")
            url = url or s3.url()
            server.app.state.blobs = s3.store(tmp_path, url)
        return server

    return begin


@pytest.fixture
def laptop(server: Server) -> Laptop:
    laptop = Laptop(server, "lead@demo.example")
    laptop.connect()
    return laptop


def offer(laptop: Laptop, content: bytes = CONTENT) -> dict:
    name = hashlib.sha256(content).hexdigest()
    answer = laptop.client.post("/sync/v1/blobs", json={"sha256": name, "size": len(content)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(laptop: Laptop, offset: int, data: bytes, path: str = PATH, **headers: str):
    return laptop.client.patch(
        path, content=data, headers={"Upload-Offset": str(offset), **headers}
    )


def refer(server: Server, name: str, stage: str = "stage2") -> None:
    tenant_id = server.tenant_of("lead@demo.example")
    with server.database.write(tenant_id) as session:
        audit = session.query(AuditSchedule).filter_by(audit_stage=stage).one()
        session.add(
            AuditEvidence(
                id=ids.new_id(),
                audit_schedule_id=audit.id,
                file_name="x.bin",
                content_type="application/octet-stream",
                size=len(CONTENT),
                sha256=name,
            )
        )


def test_an_upload_resumes_where_it_was_cut(server: Server, start, laptop: Laptop) -> None:
    assert offer(laptop)["offset"] == 0
    assert send(laptop, 0, CONTENT[:100_000]).json()["offset"] == 100_000
    laptop.client = start().client()
    laptop.connect()
    assert offer(laptop)["offset"] == 100_000
    lost = send(laptop, 0, CONTENT[:50_000])
    assert lost.status_code == 409
    assert lost.json()["offset"] == 100_000
    assert lost.headers["Upload-Offset"] == "100000"
    assert laptop.client.head(PATH).headers["Upload-Offset"] == "100000"
    done = send(laptop, 100_000, CONTENT[100_000:]).json()
    assert done["offset"] == len(CONTENT)
    assert NAME in done["receipt"]
    assert offer(laptop)["receipt"] == done["receipt"], "the same again costs nothing"
    assert send(laptop, 0, b"x").json()["receipt"] == done["receipt"]


def test_a_receipt_that_this_server_never_gave_begins_a_new_epoch(laptop: Laptop) -> None:
    def epoch(receipt: str) -> str:
        greeting = hello(epoch=here, newest_receipt=receipt)
        answer = laptop.client.post("/sync/v1/hello", json=greeting)
        assert answer.status_code == 200, answer.text
        return answer.json()["epoch"]

    here = ""
    here = epoch("")
    offer(laptop)
    given = send(laptop, 0, CONTENT).json()["receipt"]
    assert epoch(given) == here
    [year] = re.findall(r'"at":"(\d{4})', given)
    assert epoch(given.replace(year, "2020", 1)) != here
    here = epoch("")
    assert epoch(given.replace(NAME, "0" * 64)) != here
    bad = laptop.client.post("/sync/v1/hello", json=hello(newest_receipt="?", epoch=epoch("")))
    assert bad.status_code == 400
    assert "receipt" in bad.text


def test_a_damaged_piece_is_not_kept(laptop: Laptop) -> None:
    offer(laptop)
    checksum = base64.b64encode(hashlib.sha256(CONTENT[:10]).digest()).decode()
    bad = send(laptop, 0, b"0123456789", **{"Upload-Checksum": f"sha256 {checksum}"})
    assert bad.status_code == 422
    assert laptop.client.head(PATH).headers["Upload-Offset"] == "0"
    good = send(laptop, 0, CONTENT[:10], **{"Upload-Checksum": f"sha256 {checksum}"})
    assert good.json()["offset"] == 10


def test_wrong_content_is_found_at_the_end_and_starts_anew(server: Server, laptop: Laptop) -> None:
    offer(laptop)
    forged = bytearray(CONTENT)
    forged[7] ^= 1
    answer = send(laptop, 0, bytes(forged))
    assert answer.status_code == 422
    assert offer(laptop)["offset"] == 0
    assert not server.app.state.blobs.has(server.tenant_of("lead@demo.example"), NAME)
    assert send(laptop, 0, CONTENT).json()["receipt"]


def test_an_empty_file_is_a_file(laptop: Laptop) -> None:
    assert offer(laptop, b"")["receipt"]


def test_more_than_announced_is_refused(laptop: Laptop) -> None:
    offer(laptop)
    assert send(laptop, 0, CONTENT + b"x").status_code == 400
    assert send(laptop, 0, bytes(9 << 20)).status_code == 400
    assert laptop.client.head(PATH).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("name", ["x", "A" * 64, "../" * 10, "0" * 63])
def test_a_name_that_is_no_hash_is_refused(laptop: Laptop, name: str) -> None:
    answer = laptop.client.post("/sync/v1/blobs", json={"sha256": name, "size": 1})
    assert answer.status_code == 400


def test_a_file_lost_between_its_place_and_its_receipt_is_recovered(
    server: Server, laptop: Laptop
) -> None:
    offer(laptop)
    server.app.state.blobs.put(server.tenant_of("lead@demo.example"), CONTENT)
    assert offer(laptop)["receipt"]


def test_a_download_by_range(server: Server, laptop: Laptop) -> None:
    offer(laptop)
    send(laptop, 0, CONTENT)
    refer(server, NAME)
    whole = laptop.client.get(PATH)
    assert whole.content == CONTENT
    part = laptop.client.get(PATH, headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == CONTENT[1000:2000]
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(CONTENT)}"
    rest = laptop.client.get(PATH, headers={"Range": "bytes=299000-"})
    assert rest.content == CONTENT[299_000:]
    beyond = laptop.client.get(PATH, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert beyond.status_code == 400


def test_a_file_is_only_for_those_of_its_audit(server: Server, laptop: Laptop) -> None:
    offer(laptop)
    send(laptop, 0, CONTENT)
    missing = laptop.client.get(f"/sync/v1/blobs/{'0' * 64}")
    refer(server, NAME, "stage1")
    auditor = Laptop(server, "auditor@demo.example").connect()
    rival = Laptop(server, "cbadmin@rival.example").connect()
    for client in (auditor, rival):
        refused = client.get(PATH)
        assert refused.status_code == missing.status_code == 404
        assert refused.json() == missing.json()
    assert rival.head(PATH).status_code == 404
    refer(server, NAME, "stage2")
    assert auditor.get(PATH).content == CONTENT
    assert rival.get(PATH).status_code == 404


def test_tenants_share_no_bytes(server: Server, laptop: Laptop) -> None:
    offer(laptop)
    send(laptop, 0, CONTENT)
    rival = Laptop(server, "cbadmin@rival.example")
    rival.connect()
    assert offer(rival) == {"sha256": NAME, "size": len(CONTENT), "offset": 0, "receipt": None}
