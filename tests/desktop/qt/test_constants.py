"""Qt may take as many references to Python's constants as it likes."""

import sys

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

_MANY = 2_000


class _Speaker(QObject):
    said = Signal(object)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="constants are not counted any more")
def test_constants_outlast_signals_and_paints(qapp: QApplication) -> None:
    speaker, words = _Speaker(), QLabel("words")
    words.show()
    for _ in range(_MANY):
        speaker.said.emit(None)
        words.repaint()
    words.close()
    assert all(sys.getrefcount(constant) > 1 << 32 for constant in (True, False, None))
