"""The rows of a moment and the changes since then are the rows of now, from every moment."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from intact_core.sync.protocol import (
    PROTOCOL_VERSION,
    Begin,
    Change,
    Cursor,
    End,
    Pull,
    decode_pull_line,
)
from sync_server.ledger import giving
from sync_server.ledger.rounds import epoch_of
from sync_server.ledger.scopes import scopes_of
from tests.simulation import steps, trouble
from tests.simulation.checks import digest_of
from tests.simulation.playing import new_world
from tests.simulation.sim import Features, Sim

STEPS = (*steps.WORK, trouble.sync, trouble.sync, trouble.office_answers)
CALM = Features(False, False, False, False, False)
State = dict[tuple[str, str], tuple[str, int, dict[str, Any]]]


def _pulled(sim: Sim, cursors: list[Cursor]) -> tuple[list[Begin | Change], list[Cursor]]:
    user_id = sim.laptops[0].member.user_id
    with sim.office.read() as session:
        connection = session.connection()
        scopes = scopes_of(connection, sim.office.tenant_id, user_id)
        epoch = epoch_of(connection)
        pull = Pull(PROTOCOL_VERSION, epoch, cursors)
        whole = b"".join(giving.lines(connection, sim.office.tenant_id, scopes, pull, epoch))
    *lines, end = [decode_pull_line(line) for line in whole.split(b"\n") if line]
    assert isinstance(end, End)
    return lines, end.cursors


def _folded(state: State, lines: list[Begin | Change]) -> State:
    found = dict(state)
    for one in lines:
        if isinstance(one, Change):
            ref = (one.type, str(one.id))
            before = {} if one.kind == "enter" or ref not in found else found[ref][2]
            body = {k: v for k, v in {**before, **one.patch}.items() if v is not None}
            found[ref] = (one.scope, one.rev, body)
    return found


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2**16)), max_size=14))
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
            mine = [(ref, row) for ref, row in now.items() if row[0] == head.scope]
            assert head.digest == digest_of(mine)
