"""Our own code with one mistake each: a seed that notices it, for every one of them."""

import pytest

from tests.simulation.killing import KILLED_BY
from tests.simulation.mutants import DOCUMENT, MUTANTS, mutated
from tests.simulation.playing import Lost, play


def test_every_mutant_has_its_seed() -> None:
    assert len(DOCUMENT) == 12
    assert KILLED_BY.keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_noticed(name: str) -> None:
    """Where one survives its seed because steps changed: `make prove` finds another."""
    with mutated(name), pytest.raises(Lost):
        play(KILLED_BY[name])
