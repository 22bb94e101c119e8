"""When to sync: one state machine in which every state has a timer that leads out.

Pure: driven by events and by the seconds of a clock that never goes back. `deadline` says when
`tick` wants to be called; an event answers with what is to be done now, or with nothing.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intact_core.errors import IntactError

QUIET_SECONDS = 60.0
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 300.0
AFTER_EDIT_SECONDS = 1.5
PATIENCE_SECONDS, MOST_PATIENCE_SECONDS = 600.0, 3600.0
"""How long a round may be silent. It doubles each time, so that a slow network gets through."""
ENDING_SECONDS = 30.0
LONGEST_ASKED_SECONDS = 3600.0
"""What is in front of a server may ask for a day by mistake."""
_ASLEEP_SECONDS = 30.0

Jitter = Callable[[], float]


class State(StrEnum):
    """What the sync is at: all well, about to begin, in a round, ending one, or trying later."""

    RESTING = "resting"
    SOON = "soon"
    RUNNING = "running"
    ENDING = "ending"
    WAITING = "waiting"
    STOPPED = "stopped"


class Do(StrEnum):
    """What the machine asks for: begin a round, or break off the one under way."""

    START = "start"
    END = "end"


@dataclass(frozen=True)
class Live:
    """The sync as people are told of it. `next_at` is when it is tried next.

    `since`: since when the server is reached, or not reached. `failures` counts in a row.
    """

    state: State
    online: bool
    since: datetime | None = None
    error: IntactError | None = None
    next_at: datetime | None = None
    failures: int = 0


def _chance() -> float:
    return secrets.randbelow(1000) / 1000


def pause(failures: int, jitter: Jitter = _chance) -> float:
    """Seconds until the next round: a minute when all is well, else 1 s doubled up to 5 min.

    Half of it is chance, so that laptops that lost the same network do not come back at once.
    """
    if not failures:
        return QUIET_SECONDS
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 20))
    return longest * (0.5 + jitter() / 2)


class Liveness:
    """The machine. `round` numbers the rounds: what an older one says is heard no more."""

    def __init__(self, now: float, jitter: Jitter = _chance) -> None:
        self._jitter = jitter
        self.state = State.RESTING
        self.deadline: float | None = now + QUIET_SECONDS
        self.failures = self.hung = self.round = 0
        self._started = now - QUIET_SECONDS
        self._not_before = now
        self._next: State | None = None

    def changed(self, now: float) -> Do | None:
        """Something was written: begin in a moment, with whatever comes until then."""
        return self._begin_by(max(now + AFTER_EDIT_SECONDS, self._not_before))

    def asked(self, now: float) -> Do | None:
        """Somebody wants it now."""
        if self.state in (State.RUNNING, State.ENDING):
            self._next = State.RUNNING
            return None
        return self._start(now)

    def nudged(self, now: float) -> Do | None:
        """The network changed or the computer woke: now, but never twice in one second.

        Who asked to be left alone may have been something on the way that is gone now.
        """
        return self._begin_by(max(now, self._started + FIRST_SECONDS), now)

    def tick(self, now: float) -> Do | None:
        """The timer of the state ran out; too early it does nothing."""
        if self.deadline is None or now < self.deadline:
            return None
        if self.state is State.RUNNING:
            self._enter(State.ENDING, now + ENDING_SECONDS)
            self.failures, self.hung = self.failures + 1, self.hung + 1
            return Do.END
        if self.state is State.ENDING:
            # Whatever holds it up: the next round is asked for all the same, after its pause.
            self._enter(State.WAITING, now + pause(self.failures, self._jitter))
            return None
        return self._start(now)

    def progressed(self, now: float, round_: int) -> None:
        """The round under way moves on."""
        if self.state is State.RUNNING and round_ == self.round:
            self.deadline = now + self.patience

    def succeeded(self, now: float, round_: int) -> Do | None:
        """A whole round was finished."""
        if not self._is_this(round_):
            return None
        self.failures = self.hung = 0
        self._not_before = now
        return self._after(now, State.RESTING)

    def failed(self, now: float, round_: int, asked_for: float = 0.0) -> Do | None:
        """The round could not be finished; the server wants to be left alone for so many seconds.

        Only a person, or another network, goes against that.
        """
        if not self._is_this(round_):
            return None
        self.failures += self.state is State.RUNNING
        self._not_before = now + min(asked_for, LONGEST_ASKED_SECONDS)
        return self._after(now, State.WAITING)

    def broken_off(self, now: float, round_: int) -> Do | None:
        """The round was ended half way: by a person, which is no failure, or by its timer."""
        if not self._is_this(round_):
            return None
        return self._after(now, State.WAITING if self.failures else State.RESTING)

    def stop(self) -> None:
        """Nothing more is done."""
        self.state, self.deadline, self._next = State.STOPPED, None, None

    @property
    def patience(self) -> float:
        """Seconds that a round may be silent now."""
        return min(PATIENCE_SECONDS * 2.0 ** min(self.hung, 10), MOST_PATIENCE_SECONDS)

    def _is_this(self, round_: int) -> bool:
        return round_ == self.round and self.state in (State.RUNNING, State.ENDING)

    def _begin_by(self, deadline: float, now: float | None = None) -> Do | None:
        if self.state is State.STOPPED:
            return None
        if self.state in (State.RUNNING, State.ENDING):
            self._next = self._next or State.SOON
            return None
        if now is not None and deadline <= now:
            return self._start(now)
        self._enter(State.SOON, min(deadline, self.deadline or deadline))
        return None

    def _after(self, now: float, rest: State) -> Do | None:
        following, self._next = self._next, None
        if following is State.RUNNING:
            return self._start(now)
        if following is State.SOON:
            self._enter(State.SOON, max(now + AFTER_EDIT_SECONDS, self._not_before))
        else:
            left = max(self._not_before - now, 0.0)
            # Not all that were sent away come back at the very same moment.
            self._enter(rest, now + left + pause(self.failures, self._jitter))
        return None

    def _start(self, now: float) -> Do | None:
        if self.state is State.STOPPED:
            return None
        self._started = now
        self.round += 1
        self._enter(State.RUNNING, now + self.patience)
        return Do.START

    def _enter(self, state: State, deadline: float) -> None:
        self.state, self.deadline = state, deadline


class Pulse:
    """Notices that the computer slept: the clock on the wall went on without us."""

    def __init__(self, seconds: float, wall: float) -> None:
        self._seconds, self._wall = seconds, wall

    def woke(self, seconds: float, wall: float, expected: float) -> bool:
        """Called every `expected` seconds; `seconds` may stand still in sleep, `wall` does not."""
        gone = max(seconds - self._seconds, wall - self._wall)
        self._seconds, self._wall = seconds, wall
        return gone > expected + _ASLEEP_SECONDS
