"""The wire between laptops and server: it can lose what a network loses."""

from collections.abc import Callable

from intact_core.errors import Offline


class Wire:
    """What happens to messages: by default nothing. Tests replace the two functions."""

    def __init__(self) -> None:
        self.up: Callable[[str], None] = lambda _: None
        self.down: Callable[[str], None] = lambda _: None
        self.cut_pull_at: int | None = None

    def carry(self, name: str, call: Callable[[], object]) -> object:
        self.up(name)
        answer = call()
        self.down(name)
        return answer


class LoseNth:
    """Loses the message number `n` (from 1) and lets all others pass."""

    def __init__(self, n: int) -> None:
        self.left = n

    def __call__(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise Offline(f"{name} was lost")
