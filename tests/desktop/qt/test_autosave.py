"""Texts that keep themselves."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from intact_desktop.qt.autosave import AutosaveLine, AutosaveText, typing


@pytest.fixture(params=[AutosaveText, AutosaveLine])
def text(request, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    made = request.param("Note")
    made.other = QLineEdit()
    made.heard = []
    made.kept.connect(made.heard.append)
    column.addWidget(made)
    column.addWidget(made.other)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    made.window_kept = window
    made.setFocus()
    qtbot.waitUntil(made.hasFocus)
    return made


def content(text) -> str:
    return text.toPlainText() if isinstance(text, AutosaveText) else text.text()


def test_a_pause_keeps_it_once(qtbot, text) -> None:
    qtbot.keyClicks(text, "ladder blocked")
    assert text.heard == []
    qtbot.waitUntil(lambda: bool(text.heard))
    qtbot.wait(450)
    assert text.heard == ["ladder blocked"]


def test_leaving_keeps_it_at_once(qtbot, text) -> None:
    qtbot.keyClicks(text, "exit 4")
    text.other.setFocus()
    qtbot.waitUntil(lambda: text.heard == ["exit 4"], timeout=200)


def test_escape_leaves_it(qtbot, text) -> None:
    qtbot.keyClicks(text, "x")
    qtbot.keyClick(text, Qt.Key.Key_Escape)
    assert not text.hasFocus()
    assert text.heard == ["x"]


def test_closing_the_window_keeps_it(qtbot, text) -> None:
    qtbot.keyClicks(text, "last words")
    text.window().close()
    assert text.heard == ["last words"]


def test_typing_on_and_on_is_kept_every_two_seconds(qtbot, text) -> None:
    for _ in range(24):
        qtbot.keyClicks(text, "a")
        qtbot.wait(100)
    assert text.heard
    assert len(text.heard[0]) < 24


def test_what_is_stored_is_shown_but_never_over_what_is_typed(qtbot, text) -> None:
    text.load("stored")
    assert content(text) == "stored"
    qtbot.keyClicks(text, "!")
    typed = content(text)
    text.load("from the server")
    assert content(text) == typed
    text.flush()
    assert text.heard == [typed]
    text.load("from the server")
    assert content(text) == "from the server"
    qtbot.wait(450)
    assert text.heard == [typed]


def test_turning_to_another_record_gives_the_old_one_its_text_first(qtbot, text) -> None:
    qtbot.keyClicks(text, "for the old item")
    text.turn_to("of the new item")
    assert text.heard == ["for the old item"]
    assert content(text) == "of the new item"


def test_single_letters_are_letters_only_in_a_text(qtbot, text) -> None:
    assert typing(QApplication.focusWidget())
    assert not typing(text.window())
    assert not typing(None)
