"""Our own code with one mistake each: a seed that notices it, for every one of them."""

import pytest

from tests.simulation.killing import KILLED_BY, tell
from tests.simulation.mutants import DOCUMENT, MUTANTS, mutated
from tests.simulation.playing import Lost
from tests.simulation.stories import a_link_to_what_is_gone


def test_every_mutant_has_its_seed() -> None:
    assert len(DOCUMENT) == 12
    assert KILLED_BY.keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_noticed(name: str) -> None:
    """Where one survives its seed because steps changed: `make prove` finds another."""
    with mutated(name), pytest.raises(Lost):
        tell(KILLED_BY[name])


def test_the_stories_end_well_without_a_mistake() -> None:
    a_link_to_what_is_gone()
