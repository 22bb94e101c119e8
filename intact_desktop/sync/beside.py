"""Doing something while something else waits for the line."""

from collections.abc import Callable
from threading import Thread
from typing import Protocol, TypeVar

T = TypeVar("T")
Await = Callable[[], T]


class Beside(Protocol):
    """Starts something; what it returns waits for the answer, or raises what was raised."""

    def __call__(self, ask: Await[T], /) -> Await[T]: ...


def beside(ask: Await[T]) -> Await[T]:
    """Let it run in a thread of its own meanwhile."""
    answers: list[T] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as fault:  # noqa: BLE001 - it goes on where the answer is awaited
            faults.append(fault)

    thread = Thread(target=run, name="beside", daemon=True)
    thread.start()

    def landed() -> T:
        thread.join()
        if faults:
            raise faults[0]
        return answers[0]

    return landed
