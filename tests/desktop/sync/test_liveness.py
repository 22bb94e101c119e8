"""The machine of the sync in virtual time: every transition, and no state without a way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact_desktop.sync import liveness
from intact_desktop.sync.liveness import Do, Liveness, Pulse, State, pause

START = 1000.0


def machine(state: State) -> Liveness:
    """A machine that came into a state by the shortest way, at second 1000."""
    made = Liveness(START - 600, lambda: 1.0)
    made.deadline = START + 60
    if state is State.SOON:
        made.changed(START)
    if state in (State.RUNNING, State.ENDING, State.WAITING):
        made.asked(START)
    if state is State.ENDING:
        made.deadline = START
        made.tick(START)
    if state is State.WAITING:
        made.failed(START, made.round)
    if state is State.STOPPED:
        made.stop()
    assert made.state is state
    return made


R, S, N, E, W, X = (
    State.RESTING,
    State.SOON,
    State.RUNNING,
    State.ENDING,
    State.WAITING,
    State.STOPPED,
)
TRANSITIONS = [
    # state, event, what is done, state after, seconds to the deadline
    (R, "changed", None, S, 1.5),
    (R, "asked", Do.START, N, 600),
    (R, "nudged", Do.START, N, 600),
    (R, "tick", Do.START, N, 600),
    (S, "changed", None, S, 1.5),
    (S, "asked", Do.START, N, 600),
    (S, "nudged", Do.START, N, 600),
    (S, "tick", Do.START, N, 600),
    (N, "changed", None, N, 600),
    (N, "asked", None, N, 600),
    (N, "nudged", None, N, 600),
    (N, "tick", Do.END, E, 30),
    (N, "succeeded", None, R, 60),
    (N, "failed", None, W, 1),
    (N, "broken_off", None, R, 60),
    (E, "changed", None, E, 30),
    (E, "asked", None, E, 30),
    (E, "nudged", None, E, 30),
    (E, "tick", None, W, 1),
    (E, "succeeded", None, R, 60),
    (E, "failed", None, W, 1),
    (E, "broken_off", None, W, 1),
    (W, "changed", None, S, 1),
    (W, "asked", Do.START, N, 600),
    (W, "nudged", None, S, 1),
    (W, "tick", Do.START, N, 600),
    *((state, event, None, state, None) for state in (R, S, W) for event in ("succeeded",)),
    *((X, event, None, X, None) for event in ("changed", "asked", "nudged", "tick", "failed")),
]


def happen(made: Liveness, event: str, now: float) -> Do | None:
    if event in ("succeeded", "failed", "broken_off"):
        return getattr(made, event)(now, made.round)
    if event == "tick" and made.deadline is not None:
        now = made.deadline
    return getattr(made, event)(now)


@pytest.mark.parametrize(("state", "event", "done", "after", "seconds"), TRANSITIONS)
def test_every_transition(state, event, done, after, seconds) -> None:
    made = machine(state)
    at = made.deadline if event == "tick" and made.deadline is not None else START
    assert happen(made, event, START) == done
    assert made.state is after
    if seconds is not None:
        assert made.deadline - at == pytest.approx(seconds)


def test_all_pairs_of_state_and_event_are_in_the_table() -> None:
    events = ("changed", "asked", "nudged", "tick", "succeeded", "failed", "broken_off")
    rounds = {(state, event) for state in (R, S, W) for event in events[4:]}
    stopped = {(X, event) for event in events}
    wanted = {(state, event) for state in State for event in events} - rounds - stopped
    assert wanted <= {(state, event) for state, event, *_ in TRANSITIONS}


def test_a_tick_that_comes_early_does_nothing() -> None:
    for state in State:
        made = machine(state)
        before = made.deadline
        assert made.tick(START - 1) is None
        assert (made.state, made.deadline) == (state, before)


def test_what_is_written_during_a_round_goes_with_the_next_in_a_moment() -> None:
    made = machine(N)
    made.changed(START)
    assert made.succeeded(START + 5, made.round) is None
    assert (made.state, made.deadline) == (S, START + 6.5)


def test_the_button_during_a_round_begins_another_one_at_its_end() -> None:
    made = machine(N)
    made.changed(START)
    made.asked(START)
    made.changed(START)
    assert made.failed(START + 5, made.round) is Do.START


def test_typing_on_and_on_does_not_put_it_off() -> None:
    made = machine(R)
    for tenth in range(40):
        made.changed(START + tenth / 10)
    assert made.deadline == START + 1.5


def test_rounds_slow_down_while_nobody_answers() -> None:
    assert [pause(n, lambda: 1.0) for n in (0, 1, 2, 5, 30)] == [60.0, 1.0, 2.0, 16.0, 300.0]
    assert pause(5, lambda: 0.0) == 8.0
    made, now, waits = machine(N), START, []
    for _ in range(12):
        made.failed(now, made.round)
        waits.append(made.deadline - now)
        now = made.deadline
        assert made.tick(now) is Do.START
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    made.succeeded(now, made.round)
    assert made.failures == 0


def test_who_asks_to_be_left_alone_is_left_alone() -> None:
    made = machine(N)
    made.failed(START, made.round, 120)
    assert made.deadline == START + 121
    made.changed(START + 5)
    assert (made.state, made.deadline) == (S, START + 120)
    assert made.tick(START + 119) is None
    assert made.tick(START + 120) is Do.START


def test_what_was_written_during_the_round_waits_for_it_too() -> None:
    made = machine(N)
    made.changed(START)
    made.failed(START + 1, made.round, 60)
    assert (made.state, made.deadline) == (S, START + 61)


@pytest.mark.parametrize("event", ["asked", "nudged"])
def test_a_person_and_another_network_go_against_it(event: str) -> None:
    made = machine(N)
    made.failed(START, made.round, 120)
    assert happen(made, event, START + 5) is Do.START


def test_a_day_is_not_waited_and_a_success_ends_it() -> None:
    made = machine(N)
    made.failed(START, made.round, 86_400)
    assert made.deadline == START + 3_601
    made.asked(START + 5)
    made.succeeded(START + 6, made.round)
    made.changed(START + 7)
    assert made.deadline == START + 8.5


def test_a_round_that_moves_on_is_never_ended() -> None:
    made = machine(N)
    now = START
    for _ in range(100):
        now += 599
        assert made.tick(now) is None
        made.progressed(now, made.round)
    assert made.state is N


def test_a_round_that_hangs_is_ended_and_the_next_may_be_silent_for_longer() -> None:
    made, now, silences = machine(N), START, []
    for _ in range(4):
        silences.append(made.deadline - now)
        now = made.deadline
        assert made.tick(now) is Do.END
        made.broken_off(now, made.round)
        now = made.deadline
        assert made.tick(now) is Do.START
    assert silences == [600, 1200, 2400, 3600]


def test_what_an_old_round_says_is_not_heard() -> None:
    made = machine(E)
    old = made.round
    made.tick(made.deadline)
    assert made.tick(made.deadline) is Do.START
    deadline = made.deadline
    for event in (made.succeeded, made.failed, made.broken_off):
        assert event(START + 100, old) is None
    made.progressed(START + 100, old)
    assert (made.state, made.deadline) == (N, deadline)


def test_a_network_that_flickers_starts_one_round_a_second() -> None:
    made, started = machine(W), 0
    for tenth in range(50):
        now = START + tenth / 10
        for done in (made.nudged(now), made.tick(now)):
            if done is Do.START:
                started += 1
                made.failed(now, made.round)
    assert started <= 5


EVENTS = st.sampled_from(
    ["changed", "asked", "nudged", "succeeded", "failed", "broken_off", "progressed", "wait"]
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 400)), max_size=60))
def test_whatever_happens_there_is_a_way_out(happened: list[tuple[str, float]]) -> None:
    """At any moment, with no further help, a round begins within what the timers promise."""
    made, now = Liveness(0.0), 0.0
    for event, seconds in happened:
        if event == "wait":
            now += seconds
            made.tick(now)
        elif event == "progressed":
            made.progressed(now, made.round)
        else:
            happen(made, event, now)
    assert made.deadline is not None
    most = liveness.MOST_PATIENCE_SECONDS + liveness.ENDING_SECONDS + liveness.LONGEST_SECONDS
    end = now + most + 1
    done = None
    while done is not Do.START:
        now = max(now, made.deadline)
        assert now <= end
        done = made.tick(now)


@pytest.mark.parametrize(
    ("seconds", "wall", "woke"),
    [(10, 10, False), (12, 12, False), (10, 3600, True), (3600, 3600, True), (10, -3600, False)],
)
def test_a_sleep_is_noticed_whichever_clock_goes_on(seconds, wall, woke) -> None:
    pulse = Pulse(0.0, 0.0)
    assert pulse.woke(seconds, wall, 10) is woke
    assert pulse.woke(seconds + 10, wall + 10, 10) is False
