"""A thousand power cuts: what a person was told is there, and the rest heals."""

import random

import pytest

from intact_desktop.store import engine
from tests.powercuts.cutting import CutLost, cut_many, recorded_work
from tests.powercuts.disk import Disk
from tests.powercuts.recording import Event

RECORDINGS = 10
CUTS = 100


@pytest.mark.parametrize("seed", range(1, RECORDINGS + 1))
def test_power_cuts(seed: int) -> None:
    assert cut_many(seed, CUTS) == CUTS


def test_the_recording_sees_every_kind_of_write() -> None:
    with recorded_work(1) as work:
        kinds = {(event.kind, event.name.rpartition(".")[2][:6]) for event in work.recording.events}
    assert {("write", "db-wal"), ("write", "db"), ("sync", "db-wal"), ("sync", "db")} <= kinds
    assert {kind for kind, _ in kinds} >= {"truncate", "rename", "sync folder", "told"}


def test_a_laptop_that_does_not_wait_for_the_disk_is_found_out() -> None:
    careless = tuple(one.replace("FULL", "OFF") for one in engine._SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_SETTINGS", careless)
        with pytest.raises(CutLost):
            cut_many(1, CUTS)


def test_nothing_readable_reaches_the_disk() -> None:
    """The shim lies below the encryption: what it saw is what the disk would have."""
    with recorded_work(1) as work:
        written = b"".join(event.data for event in work.recording.events)
    assert len(written) > 100_000
    assert b"auditor_finding" not in written
    assert b"CREATE TABLE" not in written


def test_what_was_synced_survives_and_what_was_not_may_not() -> None:
    disk = Disk({"a": b"old old"})
    disk.happens(Event("write", "a", 0, b"new"))
    assert {disk.cut(random.Random(n))["a"] for n in range(50)} >= {b"old old", b"new old"}
    disk.happens(Event("sync", "a"))
    assert {disk.cut(random.Random(n))["a"] for n in range(50)} == {b"new old"}
