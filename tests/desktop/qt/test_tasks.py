"""Lanes: order, results on the GUI thread, errors, cancelling, closing."""

import gc
import threading
import time
import weakref
from functools import partial

import pytest
from PySide6.QtCore import QObject
from shiboken6 import isValid

from intact_core.errors import IntactError, StorageFault
from intact_desktop.qt.tasks import Lane, Step, Task, start_lanes


class Heard:
    def __init__(self) -> None:
        self.shown: list[IntactError] = []
        self.reported: list[BaseException] = []


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def lane(qapp, heard: Heard):
    lane = Lane("test", heard.shown.append, heard.reported.append)
    yield lane
    assert lane.close()


def test_work_is_done_elsewhere_and_its_result_comes_back_here(qtbot, lane: Lane) -> None:
    seen = []
    lane.run(threading.get_ident, lambda worker: seen.append((worker, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen))
    worker, here = seen[0]
    assert here == threading.get_ident() != worker


def test_the_gui_goes_on_while_work_is_done(qtbot, lane: Lane) -> None:
    release, done = threading.Event(), []
    lane.run(release.wait, done.append)
    qtbot.wait(20)
    assert not done
    release.set()
    qtbot.waitUntil(lambda: done == [True])


def test_what_the_user_does_goes_before_long_work(qtbot, lane: Lane) -> None:
    release, order = threading.Event(), []
    lane.run(release.wait)
    for n in range(3):
        lane.run_watched(lambda _, n=n: order.append(f"sync {n}"))
    lane.run(lambda: order.append("rate"))
    release.set()
    qtbot.waitUntil(lambda: len(order) == 4)
    assert order == ["rate", "sync 0", "sync 1", "sync 2"]


def fail(fault: BaseException) -> None:
    raise fault


def test_expected_errors_are_shown_and_bugs_reported(qtbot, lane: Lane, heard: Heard) -> None:
    own, full = [], StorageFault("The disk is full.")
    lane.run(lambda: fail(full))
    lane.run(lambda: fail(full), on_error=own.append)
    lane.run(lambda: fail(KeyError("bug")), on_error=own.append)
    qtbot.waitUntil(lambda: bool(heard.reported))
    assert heard.shown == own[:1] == [full]
    assert isinstance(heard.reported[0], KeyError)
    assert "What was saved before is safe" in own[1].sentence
    lane.run(lambda: "alive", own.append)
    qtbot.waitUntil(lambda: own[-1] == "alive")


def test_progress_is_told_on_the_gui_thread(qtbot, lane: Lane) -> None:
    steps, go = [], threading.Event()

    def work(task: Task) -> None:
        go.wait()
        task.step(1, 3, "one of three")

    task = lane.run_watched(work)
    task.voice.progressed.connect(lambda step: steps.append((step, threading.get_ident())))
    go.set()
    qtbot.waitUntil(lambda: bool(steps))
    assert steps == [(Step(1, 3, "one of three"), threading.get_ident())]


def test_cancelled_work_stops_and_delivers_nothing(qtbot, lane: Lane, heard: Heard) -> None:
    delivered, rounds = [], []

    def work(task: Task) -> None:
        for n in range(1000):
            task.step(n)
            rounds.append(n)
            time.sleep(0.002)

    task = lane.run_watched(work, delivered.append, delivered.append)
    qtbot.waitUntil(lambda: bool(rounds))
    task.cancel()
    never = lane.run_watched(work, delivered.append)
    never.cancel()
    after = []
    lane.run_watched(lambda _: "next", after.append)
    qtbot.waitUntil(lambda: after == ["next"])
    assert len(rounds) < 1000
    assert not delivered
    assert not heard.shown
    assert not heard.reported


def test_nothing_is_delivered_to_a_page_that_is_gone(qtbot, lane: Lane) -> None:
    page, release, delivered, after = QObject(), threading.Event(), [], []
    lane.run(release.wait, delivered.append, owner=page)
    lane.run(lambda: fail(StorageFault("too late")), owner=page)
    page.deleteLater()
    qtbot.wait(10)
    del page
    release.set()
    lane.run(lambda: 1, after.append)
    qtbot.waitUntil(lambda: after == [1])
    assert not delivered


def test_what_is_typed_passes_what_only_reads_and_keeps_its_order(qtbot, lane) -> None:
    begun, release, order = threading.Event(), threading.Event(), []
    lane.run(lambda: (begun.set(), release.wait()))
    begun.wait()
    lane.run_watched(lambda _: order.append("long"))
    lane.run(lambda: order.append("read"))
    lane.run_first(lambda: order.append("first typed"))
    lane.run_first(lambda: order.append("then typed"))
    release.set()
    qtbot.waitUntil(lambda: len(order) == 4)
    assert order == ["first typed", "then typed", "read", "long"]


def test_closing_ends_what_runs_and_drops_the_rest(qapp, heard: Heard) -> None:
    lanes = start_lanes(heard.shown.append, heard.reported.append)
    begun, ended, dropped = threading.Event(), [], []

    def work() -> None:
        begun.set()
        time.sleep(0.05)
        ended.append(True)

    lanes.database.run(work)
    lanes.database.run(lambda: dropped.append(True))
    begun.wait()
    assert lanes.close()
    assert ended == [True]
    assert not dropped
    with pytest.raises(RuntimeError, match="closed"):
        lanes.database.run(work)


def test_closing_does_not_wait_for_ever(qapp, heard: Heard) -> None:
    release, begun = threading.Event(), threading.Event()
    lane = Lane("stuck", heard.shown.append, heard.reported.append)

    def stuck() -> None:
        begun.set()
        release.wait()

    lane.run(stuck)
    begun.wait()
    assert not lane.close(0.05)
    release.set()
    assert lane.close()


def test_the_result_of_work_that_went_on_after_cancel_is_dropped(qtbot, lane: Lane) -> None:
    release, delivered, after = threading.Event(), [], []
    task = lane.run(release.wait, delivered.append)
    full = lane.run(lambda: fail(StorageFault("unwanted")), on_error=delivered.append)
    task.cancel()
    full.cancel()
    release.set()
    lane.run(lambda: 1, after.append)
    qtbot.waitUntil(lambda: after == [1])
    assert delivered == []


def deaths_of(something: object) -> list[int]:
    """On which thread it ends."""
    threads: list[int] = []
    weakref.finalize(something, lambda: threads.append(threading.get_ident()))
    return threads


def test_what_work_held_ends_on_the_gui_thread(qtbot, lane: Lane) -> None:
    page, answers = QObject(), []
    task = lane.run(partial(isValid, page), answers.append, owner=page)
    deaths = [deaths_of(page), deaths_of(task.voice)]
    del page, task
    qtbot.waitUntil(lambda: answers == [True])
    lane.run(lambda: None, answers.append)
    qtbot.waitUntil(lambda: len(answers) == 2 and all(deaths))
    assert deaths == [[threading.get_ident()]] * 2


def test_a_task_that_another_thread_forgets_last_ends_on_the_gui_thread(qtbot, lane: Lane) -> None:
    kept, answers = [], []
    lane.run_watched(kept.append, answers.append)
    qtbot.waitUntil(lambda: len(answers) == 1)
    deaths = deaths_of(kept[0].voice)
    lane.run(kept.clear, answers.append)
    qtbot.waitUntil(lambda: len(answers) == 2)
    lane.run(lambda: None, answers.append)
    qtbot.waitUntil(lambda: bool(deaths))
    assert deaths == [threading.get_ident()]


def test_cycles_are_collected_on_the_gui_thread(qtbot, heard: Heard) -> None:
    lanes = start_lanes(heard.shown.append, heard.reported.append)
    page = QObject()
    page.itself = page
    deaths = deaths_of(page)
    del page
    kept = []
    # As many as make Python collect on the spot.
    lanes.cpu.run(lambda: kept.extend([[] for _ in range(100_000)]))
    qtbot.waitUntil(lambda: bool(deaths))
    assert deaths == [threading.get_ident()]
    assert lanes.close()
    assert gc.isenabled()
