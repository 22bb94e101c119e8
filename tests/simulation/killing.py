"""Which part of the suite notices which mistake in our own code."""

from collections.abc import Callable, Mapping

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.sync import test_merge_properties as properties
from tests.simulation.machine import Machine
from tests.simulation.mutants import MUTANTS, mutated
from tests.simulation.playing import Lost, play
from tests.simulation.stories import a_link_to_what_is_gone

Story = int | Callable[[], None]
KILLED_BY: Mapping[str, Story] = {
    "sequence cursor": 1,
    "acknowledge before commit": 8,
    "cursor before rows": 55,
    "drop on 4xx": 65,
    "newest clock wins": 1,
    "delete wins": 59,
    "purge before push": 29,
    "count-only digest": 1,
    "no epoch": 137,
    "whole-row push": 1,
    "whole-record conflict": 1,
    "retry without limit": 8,
    "no operation ids": 114,
    "half a group": a_link_to_what_is_gone,
    "incoming forgotten": 5,
    "pending forgotten": 6,
    "refused stays": 2,
    "no settled state": 1,
    "receipts made up": 8,
    "own work forgotten": 45,
    "copies are one": 72,
    "confirmed overwritten": 1,
}
"""A seed of the simulation, or a story, that ends badly under each mutant."""

MOST_SEEDS = 300
_PARTS = (
    properties.test_a_merge_is_a_function_and_changes_nothing_it_was_given,
    properties.test_what_was_taken_once_writes_nothing_the_second_time,
    properties.test_every_value_is_in_the_record_its_history_a_conflict_or_quarantine,
    properties.test_nobody_writes_over_what_another_wrote_since,
    properties.test_changes_of_different_fields_arrive_in_any_order,
)
_EXAMPLES = settings(
    max_examples=40,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def tell(story: Story) -> None:
    """Play the seed, or tell the story; raises Lost."""
    if isinstance(story, int):
        play(story)
    else:
        story()


def by_seeds(name: str, most: int = MOST_SEEDS) -> str:
    """The first seed that notices, or nothing."""
    for story in [KILLED_BY[name], *range(1, most + 1)]:
        with mutated(name):
            try:
                tell(story)
            except Lost:
                return f"seed {story}" if isinstance(story, int) else "story"
    return ""


def by_properties(name: str) -> str:
    """Whether a property of the merge fails."""
    with mutated(name):
        for part in _PARTS:
            if _contradicted(part):
                return "yes"
    return ""


def by_machine(name: str) -> str:
    """Whether the state machine finds it."""
    with mutated(name):
        return (
            "yes" if _fails(lambda: run_state_machine_as_test(Machine, settings=_EXAMPLES)) else ""
        )


def _contradicted(part: Callable[[], object]) -> bool:
    """Whether it asserts something that is not so; no other trouble counts."""
    try:
        part()
    except AssertionError:
        return True
    except BaseExceptionGroup as several:
        return several.split(AssertionError)[1] is None
    return False


def _fails(part: Callable[[], object]) -> bool:
    try:
        part()
    except (Exception, BaseExceptionGroup):  # noqa: BLE001  whatever it is, it was noticed
        return True
    return False


def matrix(say: Callable[[str], None]) -> list[str]:
    """Print mutant by part of the suite; returns those that nothing noticed."""
    survived = []
    if _fails(lambda: run_state_machine_as_test(Machine, settings=_EXAMPLES)):
        raise AssertionError("the state machine fails without any mutant")
    say(f"{'mutant':28} {'simulation':12} {'properties':12} {'state machine':12}")
    for name in MUTANTS:
        found = (by_seeds(name), by_properties(name), by_machine(name))
        say(f"{name:28} " + " ".join(f"{one or '-':12}" for one in found))
        if not any(found):
            survived.append(name)
    return survived
