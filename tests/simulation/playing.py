"""Play one seed: a world, its steps, its healing, and what must hold at the end."""

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulation.checks import check
from tests.simulation.laptops import SimLaptop
from tests.simulation.sim import Features, Sim
from tests.simulation.stage import Stage, scratch_folder, seeded, sqlite_stage
from tests.simulation.trouble import steps_of

MOST_ROUNDS = 4


class Lost(AssertionError):
    """A seed that ended badly, with what happened on the way."""

    def __init__(self, seed: int, told: list[str], reason: BaseException) -> None:
        super().__init__(
            f"seed {seed}: {type(reason).__name__}: {reason}\n" + "\n".join(told[-80:])
        )
        self.seed = seed


@contextmanager
def new_world(
    seed: int, features: Features, stage: Stage | None = None, address: str | None = None
) -> Iterator[Sim]:
    """A fresh world of two to four laptops; all chance in it comes from the seed."""
    stage = stage or sqlite_stage()
    with scratch_folder("world") as folder, seeded(seed) as (time, dice):
        laptops = dice.choices((2, 3, 4), (6, 3, 1))[0]
        office = stage.set_up(folder, laptops, address)
        sim = Sim.begin(stage, office, folder, (time, dice, laptops))
        sim.features = features
        try:
            yield sim
        finally:
            sim.end()


@contextmanager
def without_collector() -> Iterator[None]:
    """A world is short and small: looking for its cycles of objects takes a tenth of its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def play(
    seed: int,
    features: Features | None = None,
    stage: Stage | None = None,
    address: str | None = None,
) -> Sim:
    """Play the seed to its end; raises Lost where anything did not hold."""
    told: list[str] = []
    try:
        with (
            without_collector(),
            new_world(seed, features or Features(), stage, address) as sim,
        ):
            told = sim.told
            walk(sim, sim.dice)
            heal(sim)
            check(sim)
            return sim
    except Exception as reason:
        raise Lost(seed, told, reason) from reason


def walk(sim: Sim, dice: random.Random) -> None:
    """Some steps, one after the other."""
    steps = steps_of(sim)
    for step in dice.choices(list(steps), list(steps.values()), k=dice.randint(10, 30)):
        step(sim, dice.choice(sim.laptops), dice)


def _reached(sim: Sim, laptop: SimLaptop) -> object:
    """What a round can move; a file that came to the server is still to be fetched by others."""
    ledger = sim.ledger
    return sim.stands(laptop), ledger.tokens, len(ledger.verdicts), len(sim.office.blobs)


def heal(sim: Sim) -> None:
    """All wires are good again; a few rounds each must be enough for everything."""
    for laptop in sim.laptops:
        laptop.weather.clear()
        laptop.disk.room()
        laptop.fuse.clear()
    sim.deliver_late()
    if sim.dice.random() < 0.7:
        for laptop in sim.laptops:
            if laptop.member.user_id not in sim.ledger.members:
                sim.may(laptop, True)
    sim.tell("healing")
    for _ in range(MOST_ROUNDS):
        moved = False
        for laptop in sim.laptops:
            before = _reached(sim, laptop)
            sim.round(laptop)
            moved |= before != _reached(sim, laptop)
        if not moved:
            return
