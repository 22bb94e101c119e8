"""Stories that chance tells too seldom, told on purpose."""

import random

from tests.simulation import steps, trouble
from tests.simulation.checks import check
from tests.simulation.playing import Lost, heal, new_world
from tests.simulation.sim import Features

CALM = Features(False, False, False, False, False)


def a_link_to_what_is_gone() -> None:
    """An item is edited and linked to a finding that another has removed: all of it is refused."""
    told: list[str] = []
    dice = random.Random(1)
    try:
        with new_world(1, CALM) as sim:
            told = sim.told
            first, second = sim.laptops[:2]
            steps.find(sim, first, dice)
            for laptop in (first, second):
                trouble.sync(sim, laptop, dice)
            steps.remove(sim, second, dice)
            trouble.sync(sim, second, dice)
            steps.link(sim, first, dice)
            trouble.sync(sim, first, dice)
            assert set(sim.ledger.verdicts.values()) == {"applied", "quarantined"}
            heal(sim)
            check(sim)
    except Exception as reason:
        raise Lost(1, told, reason) from reason
