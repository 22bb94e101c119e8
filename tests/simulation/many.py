"""Many seeds over two processes, with progress."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.simulation.playing import Lost, play
from tests.simulation.sim import Features

CHUNK = 25
PROCESSES = 2
_TOLD_SECONDS = 10


def play_some(seeds: list[int], features: Features) -> dict[int, str]:
    """What went wrong in these seeds, by their numbers."""
    failed = {}
    for seed in seeds:
        try:
            play(seed, features)
        except Lost as lost:
            failed[seed] = str(lost)
    return failed


def run(first: int, last: int, say: Callable[[str], None], features: Features) -> dict[int, str]:
    """Play all seeds from first to last; says how far it is and each that failed, and returns why.

    The number of a seed is all that is needed to play it again, so every one is told.
    """
    seeds = list(range(first, last + 1))
    parts = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    failed: dict[int, str] = {}
    done, start, told = 0, time.monotonic(), 0.0
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(play_some, part, features): len(part) for part in parts}
        for one in as_completed(waiting):
            done += waiting[one]
            failed |= one.result()
            seconds = time.monotonic() - start
            if seconds - told > _TOLD_SECONDS or done == len(seeds):
                told = seconds
                say(f"{done} of {len(seeds)} seeds, {seconds:.0f} s, {_told(failed)}")
    return dict(sorted(failed.items()))


def _told(failed: dict[int, str]) -> str:
    return f"{len(failed)} failed" + "".join(f" {seed}" for seed in sorted(failed))
