"""The rows of a moment and the changes since then are the rows of now, from every moment."""

import random
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from intact_core.sync.protocol import (
    PROTOCOL_VERSION,
    Begin,
    Change,
    Cursor,
    End,
    Pull,
    Resume,
    decode_pull_line,
)
from sync_server.ledger import giving
from sync_server.ledger.standing import stand_of
from tests.simulation import steps, trouble
from tests.simulation.checks import digest_of
from tests.simulation.playing import new_world
from tests.simulation.sim import Features, Sim

STEPS = (*steps.WORK, trouble.sync, trouble.sync, trouble.office_answers, trouble.office_moves)
CALM = Features(False, False, False, False, False)
State = dict[tuple[str, str, str], tuple[int, dict[str, Any]]]


Lines = list[Begin | Change]


def _pulled(
    sim: Sim,
    cursors: list[Cursor],
    resume: Resume | None = None,
    protocol: int = PROTOCOL_VERSION,
) -> tuple[Lines, list[Cursor]]:
    user_id = sim.laptops[0].member.user_id
    with sim.office.read() as session:
        connection = session.connection()
        stand = stand_of(connection, sim.office.tenant_id, user_id)
        pull = Pull(protocol, stand.epoch, cursors, resume)
        whole = b"".join(giving.lines(connection, sim.office.tenant_id, stand, pull))
    *lines, end = [decode_pull_line(line) for line in whole.split(b"\n") if line]
    assert isinstance(end, End)
    return lines, end.cursors


def _folded(state: State, lines: Lines) -> State:
    """Rows and changes laid on each other scope by scope, without the product's code."""
    found = dict(state)
    for one in lines:
        if not isinstance(one, Change):
            continue
        place = (one.scope, one.type, str(one.id))
        if one.kind == "leave":
            found.pop(place, None)
            continue
        before = {} if one.kind in ("row", "enter") or place not in found else found[place][1]
        body = {k: v for k, v in {**before, **one.patch}.items() if v is not None}
        found[place] = (one.rev, body)
    return found


def _broken_at(lines: Lines, place: int) -> tuple[Lines, Resume | None]:
    """What came of an answer of which so many lines came, and what a laptop asks next."""
    begin, came = lines[0], lines[:place]
    assert isinstance(begin, Begin)
    rows = [one for one in came if isinstance(one, Change) and one.kind == "row"]
    if not rows:
        return [], None
    return list(rows), Resume(begin.epoch, begin.heads, rows[-1].type, UUID(rows[-1].id))


Chosen = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2**16)), max_size=14)


@settings(max_examples=12)
@given(Chosen)
def test_a_snapshot_and_the_changes_since_are_everything(
    chosen: list[tuple[steps.Step, int]],
) -> None:
    with new_world(1, CALM) as sim:
        moments = [_pulled(sim, [])]
        for step, chance in chosen:
            dice = random.Random(chance)
            step(sim, dice.choice(sim.laptops), dice)
            moments.append(_pulled(sim, []))
        last, heads = moments[-1]
        now = _folded({}, last)
        for lines, cursors in moments:
            changes, ends = _pulled(sim, cursors)
            assert _folded(_folded({}, lines), changes) == now
            assert ends == heads
        for head in heads:
            mine = [
                (place[1:], (place[0], *row))
                for place, row in now.items()
                if place[0] == head.scope
            ]
            assert head.digest == digest_of(mine)


@settings(max_examples=12)
@given(Chosen, st.integers(0, 2**16))
def test_a_snapshot_broken_at_any_line_and_its_rest_are_everything(
    chosen: list[tuple[steps.Step, int]], breaks: int
) -> None:
    with new_world(1, CALM) as sim:
        places = random.Random(breaks)
        kept: Lines = []
        resume = None
        for step, chance in chosen:
            lines, _ = _pulled(sim, [], resume)
            came, resume = _broken_at([lines[0], *kept, *lines[1:]], places.randint(0, 60))
            kept = came
            dice = random.Random(chance)
            step(sim, dice.choice(sim.laptops), dice)
        rest, ends = _pulled(sim, [], resume)
        now, heads = _pulled(sim, [])
        assert _folded(_folded({}, kept), rest) == _folded({}, now)
        assert ends == heads
        rows = [(one.type, one.id) for one in [*kept, *rest] if getattr(one, "kind", "") == "row"]
        assert len(rows) == len(set(rows)), "a row came twice"


def test_a_laptop_of_version_2_is_served_as_before() -> None:
    with new_world(1, CALM) as sim:
        (begin, *rows), heads = _pulled(sim, [], protocol=2)
        assert isinstance(begin, Begin)
        names = [head.scope for head in heads]
        assert begin == Begin(begin.epoch, names, names)
        assert b"heads" not in msgspec.json.encode(begin)
        assert {one.kind for one in rows if isinstance(one, Change)} == {"enter"}
        now, _ = _pulled(sim, [])
        assert _folded({}, rows) == _folded({}, now)
        trouble.office_answers(sim, sim.laptops[0], random.Random(1))
        (begin, *changes), ends = _pulled(sim, heads, protocol=2)
        assert isinstance(begin, Begin)
        assert (begin.whole, [one.kind for one in changes]) == ([], ["put"])
        assert _folded(_folded({}, rows), changes) == _folded({}, _pulled(sim, [])[0])
        assert ends != heads
