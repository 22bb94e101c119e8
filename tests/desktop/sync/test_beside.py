"""What runs beside: its answer, or its fault, comes to whoever waits for it."""

from threading import Event, current_thread

import pytest

from intact_core.errors import Offline
from intact_desktop.sync.beside import beside


def test_it_runs_meanwhile_and_its_answer_can_be_asked_for_again() -> None:
    here, go = current_thread(), Event()

    def ask() -> bool:
        assert go.wait(10)
        return current_thread() is here

    landed = beside(ask)
    go.set()
    assert landed() is False
    assert landed() is False


def test_what_went_wrong_there_is_raised_here() -> None:
    def ask() -> None:
        raise Offline("no line")

    landed = beside(ask)
    with pytest.raises(Offline):
        landed()
