"""The driver over real lanes: cancelled, hanging and failing rounds all lead to the next one."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest

from intact_core.errors import Busy, Offline
from intact_desktop.shell.network_watch import NetworkWatch
from intact_desktop.shell.sync_driver import Stalled, SyncDriver
from intact_desktop.sync.engine import Round
from intact_desktop.sync.liveness import State

DONE = Round(1, 0, 0, 0, dt.timedelta(), None)
Progress = Callable[[str, int, int], None]


class Network:
    """Stands for the engine and what lies behind it: answers, fails, or says nothing."""

    def __init__(self) -> None:
        self.rounds = 0
        self.hung_up = False
        self.behaviour: Callable[[Progress], Round] = lambda _: DONE
        self.go_on = threading.Event()
        self.inside = threading.Event()
        self.tidying, self.may_tidy = threading.Event(), threading.Event()
        self.may_tidy.set()

    def round(self, progress: Progress) -> Round:
        self.rounds += 1
        return self.behaviour(progress)

    def tidy(self) -> None:
        self.tidying.set()
        assert self.may_tidy.wait(10)

    def hang_up(self) -> None:
        self.hung_up = True

    def hang(self, progress: Progress) -> Round:
        self.inside.set()
        assert self.go_on.wait(10)
        progress("late", 0, 0)
        return DONE

    def lost(self, progress: Progress) -> Round:
        raise Offline("The server cannot be reached.")

    def broken(self, progress: Progress) -> Round:
        raise ZeroDivisionError


class Seconds:
    """A clock that never goes back and moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def network():
    made = Network()
    yield made
    made.go_on.set()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def driver(bench, network, seconds):
    made = SyncDriver(bench, network, None, seconds)
    yield made
    made.stop()


@pytest.mark.parametrize("fails", [False, True])
def test_how_a_round_went_is_told_before_the_store_is_tidied(
    driver, network, qtbot, fails: bool
) -> None:
    network.may_tidy.clear()
    network.behaviour = network.lost if fails else network.behaviour
    with qtbot.waitSignal(driver.failed if fails else driver.ended):
        driver.sync_now()
    assert network.tidying.wait(10)
    network.may_tidy.set()


def test_a_round_that_was_stopped_ends_after_the_lanes_are_closed(
    driver, network, bench, qtbot
) -> None:
    network.behaviour = network.hang
    driver.sync_now()
    assert network.inside.wait(10)
    driver.stop()
    network.go_on.set()
    bench.lanes.close()
    with qtbot.waitSignal(driver.over):
        pass
    assert not network.tidying.is_set()


def test_a_round_is_counted_and_told(driver, network, qtbot) -> None:
    told = []
    driver.lives.connect(told.append)
    with qtbot.waitSignals([driver.ended, driver.over]):
        driver.sync_now()
    assert driver.live.online
    assert (driver.live.state, driver.live.error) == (State.RESTING, None)
    assert [one.state for one in told] == [State.RUNNING, State.RESTING]


def test_a_round_that_a_person_cancelled_does_not_stop_the_sync(driver, network, qtbot) -> None:
    network.behaviour = network.hang
    tasks = []
    driver.started.connect(tasks.append)
    driver.sync_now()
    qtbot.waitUntil(network.inside.is_set)
    tasks[0].cancel()
    assert network.hung_up
    with qtbot.waitSignal(driver.over):
        network.go_on.set()
    assert driver.machine.state is State.RESTING
    network.behaviour = lambda _: DONE
    with qtbot.waitSignal(driver.ended):
        driver.sync_now()


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(driver, network, qtbot) -> None:
    def busy(_: Progress) -> Round:
        raise Busy("The server is busy.", after_seconds=90)

    network.behaviour = busy
    with qtbot.waitSignal(driver.over):
        driver.sync_now()
    assert driver.machine.state is State.WAITING
    assert 90 <= driver.machine.deadline <= 91
    assert driver.live.online


def test_a_round_that_hangs_is_ended_and_tried_again(driver, network, seconds, qtbot) -> None:
    network.behaviour = network.hang
    driver.sync_now()
    qtbot.waitUntil(network.inside.is_set)
    seconds.now += 601
    with qtbot.waitSignal(driver.failed) as caught:
        driver._tick()
    assert isinstance(caught.args[0], Stalled)
    assert driver.machine.state is State.ENDING
    with qtbot.waitSignal(driver.over):
        network.go_on.set()
    assert driver.machine.state is State.WAITING
    assert driver.live.next_at is not None
    network.behaviour = lambda _: DONE
    seconds.now = driver.machine.deadline
    with qtbot.waitSignal(driver.ended):
        driver._tick()
    assert driver.live.error is None


def test_a_lane_that_never_comes_back_does_not_stop_the_machine(
    driver, network, seconds, qtbot
) -> None:
    network.behaviour = network.hang
    driver.sync_now()
    qtbot.waitUntil(network.inside.is_set)
    for state in (State.ENDING, State.WAITING, State.RUNNING):
        seconds.now = driver.machine.deadline
        driver._tick()
        assert driver.machine.state is state
    network.behaviour = lambda _: DONE
    with qtbot.waitSignal(driver.ended):
        network.go_on.set()
    assert driver.machine.state is State.RESTING


def test_progress_keeps_a_slow_round_alive(driver, network, seconds, qtbot) -> None:
    moved = threading.Event()

    def slow(progress: Progress) -> Round:
        network.inside.set()
        assert moved.wait(10)
        progress("first", 0, 0)
        assert network.go_on.wait(10)
        return DONE

    network.behaviour = slow
    seconds.now = 100.0
    driver.sync_now()
    assert network.inside.wait(5)
    seconds.now = 500.0
    moved.set()
    qtbot.waitUntil(lambda: driver.machine.deadline == 1100.0)
    with qtbot.waitSignal(driver.ended):
        network.go_on.set()


def test_offline_is_told_and_an_edit_tries_again(driver, network, seconds, bench, qtbot) -> None:
    network.behaviour = network.lost
    with qtbot.waitSignal(driver.failed):
        driver.sync_now()
    assert (driver.live.online, driver.live.failures) == (False, 1)
    seconds.now = 0.2
    bench.sync_wanted.emit()
    assert driver.machine.state is State.SOON
    network.behaviour = lambda _: DONE
    seconds.now = driver.machine.deadline
    with qtbot.waitSignal(driver.ended):
        driver._tick()
    assert driver.live.online


def test_a_fault_of_our_own_does_not_stop_the_sync(driver, network, qtbot, faults) -> None:
    network.behaviour = network.broken
    with qtbot.waitSignal(driver.failed):
        driver.sync_now()
    assert driver.machine.state is State.WAITING
    assert isinstance(faults.pop(), ZeroDivisionError)


def test_nothing_is_told_after_the_end(driver, network, qtbot) -> None:
    network.behaviour = network.hang
    told = []
    driver.sync_now()
    qtbot.waitUntil(network.inside.is_set)
    for signal in (driver.ended, driver.failed, driver.lives):
        signal.connect(told.append)
    driver.stop()
    network.go_on.set()
    qtbot.wait(50)
    driver.sync_now()
    assert told == []
    assert network.rounds == 1


def test_a_network_that_comes_back_is_tried_at_once(bench, network, seconds, qtbot) -> None:
    watch = NetworkWatch()
    driver = SyncDriver(bench, network, watch, seconds)
    network.behaviour = network.lost
    for _ in range(4):
        with qtbot.waitSignal(driver.failed):
            driver.sync_now()
    network.behaviour = lambda _: DONE
    seconds.now = 2.0
    with qtbot.waitSignal(driver.ended):
        watch.changed.emit()
    driver.stop()


def test_waking_up_is_noticed(qtbot, hand_clock) -> None:
    watch = NetworkWatch()
    heard = []
    watch.changed.connect(lambda: heard.append(True))
    hand_clock.move(dt.timedelta(seconds=10))
    watch.beat()
    assert heard == []
    hand_clock.move(dt.timedelta(hours=1))
    watch.beat()
    assert heard == [True]
    watch.stop()
    hand_clock.move(dt.timedelta(hours=1))
    watch.beat()
    assert heard == [True]
