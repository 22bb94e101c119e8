"""A thousand worlds, each from one seed: whatever goes wrong on the way, nothing is lost."""

import pytest

from tests.fixtures.postgres import PostgresServer
from tests.simulation.playing import play
from tests.simulation.regressions import BURNING_SEEDS, SEEDS
from tests.simulation.sim import BURNING, Features
from tests.simulation.stage import build, scratch_folder

MANY = 1000
AT_ONCE = 25
ON_POSTGRES = 10
BURNT = 50
CALMER = Features(restored_server=False)
"""A copy of a PostgreSQL server is its own tools' work."""


@pytest.mark.parametrize("first", range(1, MANY + 1, AT_ONCE))
def test_seeds(first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        play(seed)


@pytest.mark.parametrize("first", range(1, BURNT + 1, AT_ONCE))
def test_seeds_of_servers_that_forget_a_laptops_name(first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        play(seed, BURNING)


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_seeds_that_failed_before(seed: int) -> None:
    play(seed)


@pytest.mark.parametrize("seed", BURNING_SEEDS, ids=str)
def test_seeds_of_burning_servers_that_failed_before(seed: int) -> None:
    play(seed, BURNING)


def test_a_seed_tells_the_same_story_every_time() -> None:
    first, second = play(7), play(7)
    assert first.told == second.told
    assert first.ledger == second.ledger
    assert play(8).told != first.told


@pytest.mark.postgres
def test_seeds_on_postgres(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    urls = postgres_server.urls(template)
    with scratch_folder("stage") as folder:
        stage = build(folder, urls.app, urls.owner)
        for seed in range(1, ON_POSTGRES + 1):
            name = postgres_server.create_database(template)
            play(seed, CALMER, stage, postgres_server.urls(name).app)
            postgres_server.drop_database(name)
