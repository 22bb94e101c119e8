"""A full or failing disk, on the laptop and at the server: one step of each kind, and words."""

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from intact_core.errors import Offline, StorageFault
from intact_desktop.evidence.capture import capture, report_preview, thumbnail
from intact_desktop.evidence.files import EvidenceFiles, Variant
from sync_server.blobs.disk import DiskStore
from tests.chaos.site import Seat
from tests.faults.disk_errors import (
    SIDES,
    Prepared,
    fail_at,
    picture,
    prepared,
    site_of,
    steps_of,
)
from tests.faults.failing_disk import BROKEN, FULL, FailingDisk, failing

KEY = bytes(32)
_NAMES = re.compile(r"[0-9a-f]{8,}|[0-9a-f]{2}(?=$|/)|-")


@pytest.fixture(scope="module")
def made() -> Iterator[Prepared]:
    with prepared() as found:
        yield found


@pytest.mark.parametrize("error", [FULL, BROKEN])
@pytest.mark.parametrize("side", SIDES)
def test_one_step_of_each_kind(made: Prepared, side: str, error: int) -> None:
    kinds: dict[str, list[int]] = {}
    for place, step in enumerate(steps_of(made, side, error), 1):
        kinds.setdefault(_NAMES.sub("", step), []).append(place)
    assert len(kinds) >= 4, kinds
    for places in kinds.values():
        assert fail_at(made, side, error, random.Random(1).choice(places))


def test_a_full_disk_does_not_hide_that_the_server_is_out_of_reach(
    made: Prepared, tmp_path: Path
) -> None:
    disk = FailingDisk(tmp_path, ("laptop/",))
    with site_of(made, tmp_path, disk) as (_, seat):
        seat.laptop.sync.round()
        seat.laptop.gateway.line.cut()
        disk.set(FULL, 1)
        with pytest.raises(Offline):
            _unreachable(seat)


def _unreachable(seat: Seat) -> None:
    def cut(*_: object) -> None:
        seat.laptop.gateway.line.cut()

    seat.laptop.sync.round(cut)


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path / "evidence", KEY)


@pytest.mark.parametrize("error", [FULL, BROKEN])
def test_a_photo_is_shown_where_no_thumbnail_can_be_kept(
    files: EvidenceFiles, tmp_path: Path, error: int
) -> None:
    audit_id = uuid4()
    got = capture(files, audit_id, picture("blue"))
    files.path(audit_id, got.sha256, Variant.THUMBNAIL).unlink()
    with failing(FailingDisk(tmp_path)) as disk:
        disk.set(error, 1)
        assert thumbnail(files, audit_id, got.sha256, got.content_type) == got.thumbnail
        assert disk.struck
        disk.set(error, 1)
        assert report_preview(files, audit_id, got.sha256, got.content_type)
        assert disk.struck


def test_a_photo_is_taken_where_only_its_thumbnail_found_no_room(
    files: EvidenceFiles, tmp_path: Path
) -> None:
    audit_id, content = uuid4(), picture("white")
    with failing(FailingDisk(tmp_path)) as disk:
        disk.set(FULL, 2, "make")
        got = capture(files, audit_id, content)
        assert disk.struck
    assert got.thumbnail
    assert files.read(audit_id, got.sha256) == content


def test_a_file_whose_name_was_not_synced_gets_no_receipt_before_it_is(tmp_path: Path) -> None:
    """The first try gave it its name and failed at the folder; the next one must not skip that."""
    store, content = DiskStore(tmp_path / "blobs"), b"a file"
    store.put(uuid4(), content)
    with failing(FailingDisk(tmp_path)) as disk:
        disk.set(BROKEN, 0, "sync")
        store.put(uuid4(), content)
        last, tenant = len(disk.steps), uuid4()
        disk.set(BROKEN, last, "sync")
        with pytest.raises(StorageFault, match="disk"):
            store.put(tenant, content)
        disk.set(BROKEN, 0, "sync")
        sha256 = store.put(tenant, content)
        assert any("partial" not in step for step in disk.steps)
    assert store.read(tenant, sha256) == content


def test_new_folders_have_durable_names_too(files: EvidenceFiles, tmp_path: Path) -> None:
    with failing(FailingDisk(tmp_path)) as disk:
        disk.set(BROKEN, 0)
        capture(files, uuid4(), b"text")
        DiskStore(tmp_path / "blobs").put(uuid4(), b"text")
    for place, step in enumerate(disk.steps):
        kind, _, name = step.partition(" ")
        above = name.rpartition("/")[0] or "."
        assert kind != "folder" or f"sync {above}" in disk.steps[place:], step


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A real file system of a megabyte; only root may make one."""
    place = tmp_path / "tiny"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_real_disk_that_is_full(tiny: Path) -> None:
    files, store = EvidenceFiles(tiny / "evidence", KEY), DiskStore(tiny / "blobs")
    audit_id, tenant, content = uuid4(), uuid4(), bytes(range(256)) * 2_400
    got = capture(files, audit_id, content)
    with pytest.raises(StorageFault, match="Make room"):
        capture(files, audit_id, content + b"another")
    with pytest.raises(StorageFault, match="disk"):
        store.append(tenant, got.sha256, 0, [content])
    assert store.offset(tenant, got.sha256) == 0
    assert len(list(tiny.glob("evidence/*/*"))) == 1
    assert files.read(audit_id, got.sha256) == content
    files.remove(audit_id, got.sha256)
    assert store.put(tenant, content) == got.sha256
