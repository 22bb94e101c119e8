"""`python -m tests.prove`: the long proof that the sync loses nothing; prints each figure."""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.chaos.site import many
from tests.faults.disk_errors import many as many_errors
from tests.faults.killing import many_databases, many_laptops, many_servers, prepared_server
from tests.powercuts.cutting import cut_some
from tests.simulation.killing import matrix
from tests.simulation.many import run
from tests.simulation.sim import BURNING, Features
from tests.simulation.stage import scratch_folder

CUTS_AT_ONCE = 100
PROCESSES = 2
_SHOWN = 3
_TOLD_SECONDS = 15
_OTHER_TESTS = ("tests/core/sync", "tests/simulation/test_machine.py")


def say(words: str) -> None:
    """Told at once: this runs for a long time."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def seeds(number: int, features: Features) -> tuple[int, int]:
    """Play so many worlds; how many, and how many lost something."""
    failed = run(1, number, say, features)
    for words in list(failed.values())[:_SHOWN]:
        say(words)
    return number, len(failed)


def cuts(number: int) -> tuple[int, int]:
    """Cut the power so often; how often, and how many recordings lost something."""
    recordings = range(1, -(-number // CUTS_AT_ONCE) + 1)
    done, told, start, lost = 0, 0.0, time.monotonic(), []
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(cut_some, seed, CUTS_AT_ONCE) for seed in recordings]
        for one in as_completed(waiting):
            done += CUTS_AT_ONCE
            if one.result():
                lost.append(one.result())
                say(one.result())
            seconds = time.monotonic() - start
            if seconds - told > _TOLD_SECONDS:
                told = seconds
                say(f"{done} of {number} power cuts, {seconds:.0f} s, {len(lost)} failed")
    return done, len(lost)


def kills(number: int) -> tuple[int, int]:
    """kill -9 so often, of laptop, server and PostgreSQL; an error ends it."""
    dice, done = random.Random(number), 0
    with prepared_server() as prepared:
        for what, part in ((many_laptops, 0.6), (many_servers, 0.2)):
            with scratch_folder("kills") as folder:
                done += what(prepared, folder, round(number * part), dice)
            say(f"{done} of {number} kills")
    with scratch_folder("kills") as folder:
        done += many_databases(folder, number - done, dice)
    return done, 0


def chaos(number: int) -> tuple[int, int]:
    """Play so many seeds of laptops and server behind a chaos proxy; how many, how many failed."""
    return number, len(many(range(1, number + 1), say))


def errors(most: int) -> tuple[int, int]:
    """Let the disk of laptop and server fail at every step of a round; how often, how many lost."""
    done, failed = many_errors(most, say)
    return done, len(failed)


def others() -> int:
    """Properties and state machine with many more examples; 0 when all hold."""
    say("properties and state machine")
    environment = os.environ | {"HYPOTHESIS_PROFILE": "prove"}
    command = [sys.executable, "-m", "pytest", "-q", *_OTHER_TESTS]
    root = Path(__file__).parents[2]
    return subprocess.run(command, env=environment, cwd=root, check=False).returncode


def _counted(name: str, work: Callable[[int], tuple[int, int]], number: int) -> tuple[str, bool]:
    start = time.monotonic()
    try:
        done, failed = work(number)
    except AssertionError as lost:
        say(str(lost))
        done, failed = number, 1
    return f"{name:14} {done:7,} {failed:4} lost {time.monotonic() - start:7.0f} s", not failed


def main() -> int:
    """Everything that is asked for; 0 when nothing was lost and no mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove")
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--burning", type=int, default=2_000)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--chaos", type=int, default=200)
    parser.add_argument("--errors", type=int, default=1_000)
    parser.add_argument("--no-matrix", action="store_true")
    parser.add_argument("--no-others", action="store_true")
    given = parser.parse_args()
    # Before anything else makes threads: the kills fork.
    parts = (
        ("kills", kills, given.kills),
        ("chaos", chaos, given.chaos),
        ("disk errors", errors, given.errors),
        ("seeds", partial(seeds, features=Features()), given.seeds),
        ("burning seeds", partial(seeds, features=BURNING), given.burning),
    )
    results = [
        _counted(name, work, number)
        for name, work, number in (*parts, ("power cuts", cuts, given.cuts))
        if number
    ]
    survived = [] if given.no_matrix else matrix(say)
    failed = 0 if given.no_others else others()
    for words, _ in results:
        say(words)
    say(f"mutants that survived: {', '.join(survived) or 'none'}")
    return int(bool(survived) or bool(failed) or not all(good for _, good in results))


if __name__ == "__main__":
    sys.exit(main())
