"""The real server, which kills itself with SIGKILL at a step of its work.

`python -m tests.faults.dying_server POINT:N serve …`: at the Nth transaction that begins while a
push is taken in (POINT begin), at the Nth commit before it is done, or after it (checkin).
"""

import os
import signal
import sys

from sqlalchemy import Engine, Pool, event

from sync_server.__main__ import main
from sync_server.api.sync import rounds

_TARGETS = {"begin": Engine, "commit": Engine, "checkin": Pool}


class _Fuse:
    """Burns only once the server has seen a sync message."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.lit = False

    def light(self, *_: object) -> None:
        self.lit = True

    def burn(self, *_: object) -> None:
        self.left -= self.lit
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def run() -> None:
    point, _, steps = sys.argv.pop(1).partition(":")
    fuse, decode = _Fuse(int(steps)), rounds.decode

    def lighting(*arguments: object) -> object:
        fuse.light()
        return decode(*arguments)

    rounds.decode = lighting
    event.listen(_TARGETS[point], point, fuse.burn)
    main()


if __name__ == "__main__":
    run()
