"""The frame: places, pages, keys, the palette, locking, the truth about sync."""

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from shiboken6 import isValid

from intact_core import clock
from intact_desktop.qt.autosave import AutosaveText
from intact_desktop.qt.key_sheet import KeyHint, KeySheet
from intact_desktop.qt.notices import EmptyState
from intact_desktop.shell.command_palette import CommandPalette, Hit
from intact_desktop.shell.idle import IdleWatch
from intact_desktop.shell.main_window import MainWindow
from intact_desktop.shell.navigation import NavChild, NavEntry
from intact_desktop.shell.status_bar import StatusBar, SyncState


class Notes(AutosaveText):
    def __init__(self) -> None:
        super().__init__("Note")


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture
def window(qtbot, themed, english, made):
    def audits():
        made.append("audits")
        return EmptyState("No audits yet", "Assigned audits download by themselves.")

    def notes():
        made.append("notes")
        return Notes()

    entries = [
        NavEntry("audits", "My audits", "clipboard-text", audits),
        NavEntry("notes", "Notes", "pencil", notes),
        NavEntry("conflicts", "Conflicts", "git-merge", lambda: QLabel("none"), badge="1"),
    ]
    window = MainWindow()
    window.furnish(entries, [KeyHint("N", "non-conformity", "Checklist")])
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    return window


def shown(window: MainWindow):
    return window._stack.currentWidget()


def test_pages_are_made_when_they_are_gone_to_and_once(window, made) -> None:
    assert made == []
    window.open("audits")
    window.open("notes")
    window.open("audits")
    assert made == ["audits", "notes"]
    assert isinstance(shown(window), EmptyState)
    assert window.windowTitle() == "My audits – Intact"


def test_places_are_gone_to_by_keys(qtbot, window, made) -> None:
    window.open("audits")
    window.navigation.setFocus()
    qtbot.keyClick(window.navigation, Qt.Key.Key_Down)
    assert isinstance(shown(window), Notes)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert isinstance(shown(window), EmptyState)


def spoken(window) -> list[str]:
    role = Qt.ItemDataRole.AccessibleTextRole
    items = (window.navigation.item(row) for row in range(window.navigation.count()))
    return [item.data(role) for item in items]


def test_lines_below_a_place_and_badges_change(qtbot, window, themed, photograph) -> None:
    opened = []
    window.open("audits")
    children = [
        NavChild("Acme", "✓", "ready offline", lambda: opened.append("Acme")),
        NavChild("Borg", "↓", "downloading", lambda: opened.append("Borg")),
    ]
    window.set_children("audits", children)
    window.set_badge("conflicts", "2")
    assert spoken(window) == ["My audits", "Acme, ✓", "Borg, ↓", "Notes", "Conflicts, 2"]
    window.status.show_state(
        SyncState(
            online=False,
            since=clock.now(),
            pending_ops=41,
            pending_photos=6,
            pending_bytes=18_000_000,
            proof_at=clock.now(),
        )
    )
    window.banner.say("Stage 2 at Acme starts tomorrow.", ("Open", lambda: None))
    photograph(window, f"window-{themed}")
    row = window.navigation.visualItemRect(window.navigation.item(2)).center()
    qtbot.mouseClick(window.navigation.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert opened == ["Borg"]
    assert isinstance(shown(window), EmptyState)
    window.set_children("audits", children[:1])
    window.set_badge("conflicts", "")
    assert spoken(window) == ["My audits", "Acme, ✓", "Notes", "Conflicts"]


def test_question_mark_shows_the_keys_but_not_while_typing(qtbot, window) -> None:
    window.open("notes")
    notes = shown(window)
    notes.setFocus()
    qtbot.waitUntil(notes.hasFocus)
    qtbot.keyClicks(notes, "why?")
    assert notes.toPlainText() == "why?"
    assert not window.findChildren(KeySheet)
    qtbot.keyClick(notes, Qt.Key.Key_Escape)
    qtbot.keyClick(window, Qt.Key.Key_Question)
    (sheet,) = window.findChildren(KeySheet)
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"non-conformity", "go anywhere"} <= texts


def test_ctrl_k_goes_anywhere_by_part_of_a_name(qtbot, window, themed, photograph) -> None:
    window.open("audits")
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    (palette,) = window.findChildren(CommandPalette)
    assert palette.list.count() == 3
    photograph(palette, f"palette-{themed}")
    qtbot.keyClicks(palette.line, "NOT")
    assert palette.list.count() == 1
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert isinstance(shown(window), Notes)
    assert palette.isHidden()


class SlowFinder:
    def __init__(self) -> None:
        self.asked = []

    def find(self, text, deliver) -> None:
        self.asked.append((text, deliver))


def test_late_answers_to_an_old_question_are_dropped(qtbot) -> None:
    slow, gone = SlowFinder(), []
    palette = CommandPalette([slow])
    qtbot.addWidget(palette)
    palette.show()
    palette.line.setText("a")
    palette.line.setText("ac")
    slow.asked[1][1]([Hit("Apple Ltd", "client", "house", lambda: None)])
    assert palette.list.count() == 0
    assert palette.nothing.isVisible()
    acme = [Hit(f"Acme {n}", "client", "house", lambda n=n: gone.append(n)) for n in range(80)]
    slow.asked[2][1](acme)
    assert palette.list.count() == 50
    assert not palette.nothing.isVisible()
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert gone == [48]


def test_locking_leaves_nothing_on_the_screen_or_in_the_window(qtbot, window, made) -> None:
    window.open("notes")
    notes = shown(window)
    heard = []
    notes.kept.connect(heard.append)
    window.set_children("audits", [NavChild("Acme", "✓", "", lambda: None)])
    notes.setFocus()
    qtbot.waitUntil(notes.hasFocus)
    qtbot.keyClicks(notes, "half a sen")
    unlock = QLineEdit()
    window.cover(unlock)
    qtbot.waitUntil(lambda: not isValid(notes))
    assert heard == ["half a sen"]
    assert window.is_covered
    assert unlock.isVisible()
    assert not window.navigation.isVisible()
    assert not window.menuBar().isVisible()
    assert spoken(window) == ["My audits", "Notes", "Conflicts, 1"]
    window.show_palette()
    window.show_keys()
    assert not window.findChildren(CommandPalette)
    assert not window.findChildren(KeySheet)
    window.uncover()
    window.open("notes")
    assert made.count("notes") == 2
    assert shown(window).toPlainText() == ""
    assert window.navigation.isVisible()


def test_closing_the_window_keeps_what_was_typed(qtbot, window) -> None:
    window.open("notes")
    heard = []
    shown(window).kept.connect(heard.append)
    shown(window).setFocus()
    qtbot.waitUntil(shown(window).hasFocus)
    qtbot.keyClicks(shown(window), "last")
    with qtbot.waitSignal(window.closing):
        window.close()
    assert heard == ["last"]


NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def bar(qtbot, english, hand_clock) -> StatusBar:
    hand_clock.moment = NOON
    bar = StatusBar()
    qtbot.addWidget(bar)
    return bar


def clocked(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M}"


def test_the_status_says_the_truth_in_words(bar) -> None:
    since, proof = NOON - timedelta(hours=3), NOON - timedelta(hours=4)
    bar.show_state(
        SyncState(
            online=False,
            since=since,
            pending_ops=41,
            pending_photos=6,
            pending_bytes=18_000_000,
            oldest=since,
            proof_at=proof,
        )
    )
    assert bar.words.accessibleName() == (
        f"offline since {clocked(since)} · 41 operations, 6 photos (18 MB) waiting"
        f" · oldest from {clocked(since)} · proof {clocked(proof)}"
    )
    assert bar.words.text().strip() == bar.words.accessibleName()


def test_one_is_not_many(bar) -> None:
    bar.show_state(SyncState(online=True, pending_ops=1, pending_photos=1, pending_bytes=1))
    assert "1 operation, 1 photo (" in bar.words.text()


def test_everything_is_on_the_server_only_when_it_is_proved(bar) -> None:
    bar.show_state(SyncState(online=True))
    assert bar.words.accessibleName() == "online · nothing waiting, not proved yet"
    bar.show_state(SyncState(online=True, proof_at=NOON))
    proved = f"everything is on the server, proved {clocked(NOON)}"
    assert bar.words.accessibleName() == f"online · {proved}"
    bar.show_state(SyncState(online=True, proof_at=NOON, pending_photos=1))
    assert "everything" not in bar.words.text()
    bar.show_state(SyncState(online=False, proof_at=NOON))
    assert "everything" not in bar.words.text()


def test_a_time_of_another_day_has_its_day(bar) -> None:
    bar.show_state(SyncState(online=False, since=NOON - timedelta(days=2)))
    assert "19/11/2026" in bar.words.text()


def test_the_words_can_be_clicked(qtbot, bar) -> None:
    with qtbot.waitSignal(bar.clicked):
        qtbot.mouseClick(bar.words, Qt.MouseButton.LeftButton)
    assert isinstance(bar.words, QPushButton)


def test_idleness_is_noticed_and_a_touch_delays_it(qtbot, qapp) -> None:
    widget = QLabel("x")
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    watch = IdleWatch(qapp, 0.15)
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    heard = []
    watch.idle.connect(lambda: heard.append(True))
    for place in range(5):
        qtbot.wait(60)
        QTest.mouseMove(widget.windowHandle(), QPoint(1 + place, 1))
    assert heard == []
    qtbot.waitUntil(lambda: heard == [True])
