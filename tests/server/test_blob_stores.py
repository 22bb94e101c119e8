"""The content store on disk and on a real S3 server: the same promises."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID, uuid4

import obstore
import pytest

from intact_core.errors import BadInput, Damaged, NotFound, StorageFault
from sync_server import settings as configuration
from sync_server.blobs.disk import DiskStore
from sync_server.blobs.objects import PART, ObjectStore
from sync_server.blobs.opening import open_store
from sync_server.blobs.spool import ABANDONED_SECONDS, Spool
from sync_server.blobs.store import BlobStore, WrongOffset
from sync_server.settings import Options
from tests.fixtures.s3 import BUCKET, S3

TENANT = uuid4()
CONTENT = os.urandom(300_000)
NAME = hashlib.sha256(CONTENT).hexdigest()
Opening = Callable[[], BlobStore]


@pytest.fixture(params=["disk", "s3"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """Opens the store of this test, again and again: what a server that starts anew does."""
    if request.param == "disk":
        return lambda: DiskStore(tmp_path / "blobs")
    s3: S3 = request.getfixturevalue("s3")
    url = s3.url()
    return lambda: s3.store(tmp_path, url)


@pytest.fixture
def store(opening: Opening) -> BlobStore:
    return opening()


def all_of(store: BlobStore, tenant: UUID = TENANT, name: str = NAME, **span: int) -> bytes:
    return b"".join(store.blocks(tenant, name, **span))


def test_a_blob_grows_piece_by_piece_through_restarts(opening: Opening) -> None:
    assert opening().offset(TENANT, NAME) == 0
    for start in range(0, len(CONTENT), 100_000):
        assert opening().offset(TENANT, NAME) == start
        piece = CONTENT[start : start + 100_000]
        assert opening().append(TENANT, NAME, start, [piece]) == start + len(piece)
    assert not opening().has(TENANT, NAME)
    opening().finish(TENANT, NAME, len(CONTENT))
    store = opening()
    assert store.has(TENANT, NAME)
    assert store.size(TENANT, NAME) == len(CONTENT)
    assert store.read(TENANT, NAME) == CONTENT
    assert store.offset(TENANT, NAME) == 0, "nothing is left of the pieces"
    store.secure(TENANT, NAME)


def test_a_piece_elsewhere_is_refused_with_the_place_to_go_on_from(store: BlobStore) -> None:
    store.append(TENANT, NAME, 0, [CONTENT[:1000]])
    for offset in (0, 999, 1001):
        with pytest.raises(WrongOffset) as refused:
            store.append(TENANT, NAME, offset, [b"other"])
        assert refused.value.offset == 1000
    assert store.append(TENANT, NAME, 1000, [CONTENT[1000:]]) == len(CONTENT)
    store.finish(TENANT, NAME, len(CONTENT))
    assert store.read(TENANT, NAME) == CONTENT


def test_of_two_pieces_at_once_one_is_kept(store: BlobStore) -> None:
    start, seen = Barrier(2), []

    def add(byte: bytes) -> None:
        start.wait()
        try:
            seen.append(store.append(TENANT, NAME, 0, [byte * 2000, byte * 3000]))
        except WrongOffset as refused:
            seen.append(-refused.offset)

    threads = [Thread(target=add, args=(byte,)) for byte in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [-5000, 5000]
    assert store.offset(TENANT, NAME) == 5000


@pytest.mark.parametrize("wrong", [CONTENT[:-1], CONTENT + b"x", bytes(len(CONTENT))])
def test_what_is_damaged_gets_no_place_and_starts_anew(store: BlobStore, wrong: bytes) -> None:
    store.append(TENANT, NAME, 0, [wrong[:100]])
    store.append(TENANT, NAME, 100, [wrong[100:]])
    with pytest.raises(Damaged, match="hash differs"):
        store.finish(TENANT, NAME, len(CONTENT))
    assert not store.has(TENANT, NAME)
    assert store.offset(TENANT, NAME) == 0
    assert store.put(TENANT, CONTENT) == NAME


def test_ranges_and_the_end(store: BlobStore) -> None:
    store.put(TENANT, CONTENT)
    assert all_of(store) == CONTENT
    assert all_of(store, start=1000, length=2000) == CONTENT[1000:3000]
    assert all_of(store, start=299_999) == CONTENT[299_999:]
    assert all_of(store, start=300_000) == b""
    assert all_of(store, start=5, length=0) == b""


def test_an_empty_blob_and_one_of_several_parts(store: BlobStore) -> None:
    empty = store.put(TENANT, b"")
    assert store.size(TENANT, empty) == 0
    assert store.read(TENANT, empty) == b""
    large = os.urandom(1000) * (2 * PART // 1000 + 1)
    name = hashlib.sha256(large).hexdigest()
    for start in range(0, len(large), PART):
        store.append(TENANT, name, start, [large[start : start + PART]])
    store.finish(TENANT, name, len(large))
    assert store.read(TENANT, name) == large


def test_tenants_share_nothing_and_what_is_missing_is_said(store: BlobStore) -> None:
    store.put(TENANT, CONTENT)
    other = uuid4()
    assert not store.has(other, NAME)
    for ask in (store.size, store.read, all_of):
        with pytest.raises(NotFound):
            all_of(store, other) if ask is all_of else ask(other, NAME)
    for name in ("../" * 10, "A" * 64, NAME[:-1]):
        with pytest.raises(BadInput):
            store.has(TENANT, name)


def test_a_file_is_adopted_once_and_leaves_nothing_behind(store: BlobStore) -> None:
    for _ in range(2):
        with Spool(store) as spool:
            spool.write(CONTENT[:1000])
            spool.write(CONTENT[1000:])
            assert (spool.size, spool.sha256) == (len(CONTENT), NAME)
            spool.adopt(TENANT)
        assert store.read(TENANT, NAME) == CONTENT
    with Spool(store) as spool:
        spool.write(b"never mind")
    assert list(store.incoming.iterdir()) == []


def test_a_stored_blob_that_changed_is_found_before_its_end(
    opening: Opening, tmp_path: Path
) -> None:
    store = opening()
    store.put(TENANT, CONTENT)
    forged = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    if isinstance(store, ObjectStore):
        obstore.put(store._store, f"{TENANT}/{NAME[:2]}/{NAME}", forged)
    else:
        (tmp_path / "blobs" / str(TENANT) / NAME[:2] / NAME).write_bytes(forged)
    with pytest.raises(Damaged, match="Restore the backup"):
        store.read(TENANT, NAME)
    with pytest.raises(Damaged):
        list(store.verified(TENANT, NAME))


def test_a_server_that_died_between_pieces_and_place_finishes_later(s3: S3, tmp_path: Path) -> None:
    """S3 alone: the whole is there and its pieces are, too; the next receipt clears them away."""
    url = s3.url()
    store = s3.store(tmp_path, url)
    store.append(TENANT, NAME, 0, [CONTENT])
    with Spool(store) as spool:
        spool.write(CONTENT)
        spool.adopt(TENANT)
    assert store.offset(TENANT, NAME) == len(CONTENT)
    s3.store(tmp_path, url).secure(TENANT, NAME)
    assert store.read(TENANT, NAME) == CONTENT
    assert store.offset(TENANT, NAME) == 0


def test_an_installation_on_s3(s3: S3, tmp_path: Path) -> None:
    def settings(url: str, **more: str) -> configuration.Settings:
        given = {**s3.options, **more, "INTACT_BLOBS": url}
        return configuration.load(Options(data=tmp_path), given)

    found = settings(s3.url())
    assert found.s3 == s3.options
    assert s3.options["AWS_SECRET_ACCESS_KEY"] not in repr(found)
    store = open_store(found)
    assert isinstance(store, ObjectStore)
    old = store.incoming / "old"
    old.parent.mkdir(exist_ok=True)
    for name, age in (("old", ABANDONED_SECONDS + 60), ("new", 60)):
        (store.incoming / name).write_bytes(b"x")
        then = (store.incoming / name).stat().st_mtime - age
        os.utime(store.incoming / name, (then, then))
    open_store(found)
    assert [path.name for path in store.incoming.iterdir()] == ["new"]
    for wrong in (
        settings(s3.url(), AWS_SECRET_ACCESS_KEY="wrong"),
        settings(f"s3://no-{BUCKET}/x"),
    ):
        with pytest.raises(StorageFault, match="S3 storage") as refused:
            open_store(wrong)
        assert refused.value.details
    with pytest.raises(StorageFault, match="s3://"):
        settings("ftp://x")
    assert isinstance(open_store(configuration.load(Options(data=tmp_path), {})), DiskStore)


def test_an_s3_server_that_is_gone_is_no_crash(tmp_path: Path) -> None:
    options = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    store = ObjectStore(tmp_path, f"s3://{BUCKET}/x", options | keys)
    with pytest.raises(StorageFault, match="try again later"):
        store.put(TENANT, CONTENT)
    with pytest.raises(StorageFault):
        list(store.blocks(TENANT, NAME))
