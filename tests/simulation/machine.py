"""The same world and the same steps as the seeds', but chosen and shrunk by Hypothesis."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.simulation import steps, trouble
from tests.simulation.checks import check
from tests.simulation.playing import heal, new_world
from tests.simulation.sim import Features, Sim
from tests.simulation.stage import Stage

Place = tuple[Stage | None, str | None]
WHO = st.integers(0, 3)
CHANCE = st.integers(0, 2**16)


class Machine(RuleBasedStateMachine):
    """Two to four laptops and a server; at the end everything must have healed."""

    features: ClassVar[Features] = Features()

    def __init__(self, place: Callable[[], Place] = lambda: (None, None)) -> None:
        super().__init__()
        self._place = place
        self._open = ExitStack()
        self.sim: Sim | None = None

    @initialize(seed=CHANCE)
    def begin(self, seed: int) -> None:
        stage, address = self._place()
        self.sim = self._open.enter_context(new_world(seed, self.features, stage, address))

    def _does(self, step: steps.Step, who: int, chance: int) -> None:
        assert self.sim is not None
        laptop = self.sim.laptops[who % len(self.sim.laptops)]
        step(self.sim, laptop, random.Random(chance))

    @rule(who=WHO, chance=CHANCE, step=st.sampled_from(list(steps.WORK)))
    def works(self, who: int, chance: int, step: steps.Step) -> None:
        self._does(step, who, chance)

    @rule(who=WHO, chance=CHANCE)
    def syncs(self, who: int, chance: int) -> None:
        self._does(trouble.sync, who, chance)

    @rule(who=WHO, chance=CHANCE, step=st.sampled_from(list(trouble.WIRE)))
    def meets_a_fault(self, who: int, chance: int, step: steps.Step) -> None:
        self._does(step, who, chance)

    @rule(who=WHO, chance=CHANCE)
    def leaves_or_joins(self, who: int, chance: int) -> None:
        self._does(trouble.leaves_or_joins, who, chance)

    @rule(who=WHO, chance=CHANCE)
    def signs(self, who: int, chance: int) -> None:
        self._does(trouble.sign, who, chance)

    @rule(who=WHO, chance=CHANCE, step=st.sampled_from([trouble.copy_laptop, trouble.go_back]))
    def loses_the_disk(self, who: int, chance: int, step: steps.Step) -> None:
        self._does(step, who, chance)

    @rule(who=WHO, chance=CHANCE)
    def is_cloned(self, who: int, chance: int) -> None:
        self._does(trouble.clone, who, chance)

    @rule(who=WHO, chance=CHANCE, step=st.sampled_from([trouble.back_up, trouble.restore]))
    def server_burns(self, who: int, chance: int, step: steps.Step) -> None:
        assert self.sim is not None
        if self.sim.features.restored_server:
            self._does(step, who, chance)

    def teardown(self) -> None:
        try:
            if self.sim is not None:
                heal(self.sim)
                check(self.sim)
        finally:
            self._open.close()


class PostgresMachine(Machine):
    """On PostgreSQL the server's copies are its own tools' work: it is not restored here."""

    features = Features(restored_server=False)
