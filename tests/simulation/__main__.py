"""`python -m tests.simulation --seed N` plays one seed, `--seeds A-B` many over two processes."""

import argparse
import sys
from collections import Counter

from tests.simulation.many import run
from tests.simulation.playing import play
from tests.simulation.sim import BURNING, Features

_SHOWN = 5
_WIDTH = 140


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _many(first: int, last: int, features: Features) -> int:
    stories = list(run(first, last, _say, features).values())
    for words in stories[:_SHOWN]:
        _say(words + "\n")
    reasons = Counter(words.partition("\n")[0].partition(": ")[2][:_WIDTH] for words in stories)
    for words, number in reasons.most_common():
        _say(f"{number:5}  {words}")
    return 1 if stories else 0


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="play this one and tell what happened")
    parser.add_argument("--seeds", default="1-1000", help="play those from A to B: A-B")
    parser.add_argument("--burning", action="store_true", help="servers that forget new names")
    given = parser.parse_args()
    features = BURNING if given.burning else Features()
    if given.seed is None:
        first, _, last = given.seeds.partition("-")
        return _many(int(first), int(last), features)
    sim = play(given.seed, features)
    _say("\n".join(sim.told) + f"\nseed {given.seed}: nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
