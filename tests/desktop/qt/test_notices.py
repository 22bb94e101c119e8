"""What is said in place, and long work."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from intact_core.errors import StorageFault
from intact_desktop.qt.key_sheet import KeyHint, KeySheet
from intact_desktop.qt.notices import Banner, EmptyState, ErrorPanel
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.tasks import Step, Task


def shown(qtbot, widget):
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def test_an_empty_page_says_what_to_do_and_enter_does_it(qtbot, themed, photograph) -> None:
    done = []
    page = EmptyState(
        "No audits yet",
        "Audits assigned to you download by themselves.",
        ("Look for audits", lambda: done.append(True)),
        "clipboard-text",
    )
    page.resize(640, 420)
    shown(qtbot, page)
    page.setFocus()
    qtbot.waitUntil(page.button.hasFocus)
    qtbot.keyClick(page.button, Qt.Key.Key_Space)
    assert done == [True]
    photograph(page, f"empty-{themed}")


def test_a_banner_shows_one_sentence_and_goes_away(qtbot) -> None:
    banner, done = Banner(), []
    qtbot.addWidget(banner)
    assert banner.isHidden()
    banner.say("The audit changed on the server.", ("Look", lambda: done.append(True)))
    assert banner.text.text() == "The audit changed on the server."
    qtbot.mouseClick(banner.action, Qt.MouseButton.LeftButton)
    assert done == [True]
    banner.say("All is well.")
    assert banner.action.isHidden()
    with qtbot.waitSignal(banner.closed):
        banner.dismiss()
    assert banner.isHidden()


def test_an_error_says_what_happened_and_folds_the_details(qtbot, themed, photograph) -> None:
    panel, tried = ErrorPanel(), []
    error = StorageFault("The disk is full. Nothing was lost. Make room.", details="ENOSPC <b>")
    panel.resize(560, 200)
    panel.show_error(error, lambda: tried.append(True))
    shown(qtbot, panel)
    assert panel.title.text() == error.title
    assert panel.sentence.text() == error.sentence
    assert panel.details.isHidden()
    qtbot.mouseClick(panel.fold, Qt.MouseButton.LeftButton)
    assert panel.details.isVisible()
    assert panel.details.textFormat() == Qt.TextFormat.PlainText
    photograph(panel, f"error-{themed}")
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    assert tried == [True]
    assert panel.isHidden()
    panel.show_error(StorageFault("Short."))
    assert panel.again.isHidden()
    assert panel.fold.isHidden()


def test_short_work_shows_no_bar(qtbot) -> None:
    line, task = ProgressLine(), Task()
    qtbot.addWidget(line)
    line.follow(task, "Importing…")
    assert line.isHidden()
    line.finish()
    qtbot.wait(350)
    assert line.isHidden()


def test_long_work_says_what_and_how_much_and_can_be_cancelled(qtbot) -> None:
    line, task = ProgressLine(), Task()
    qtbot.addWidget(line)
    line.follow(task, "Importing 6 photos")
    qtbot.waitUntil(line.isVisible)
    task.voice.progressed.emit(Step(5_000_000_000, 20_000_000_000, "2 of 6 photos"))
    assert line.words.text() == "2 of 6 photos"
    assert line.bar.value() == 250
    assert line.bar.maximum() == 1000
    qtbot.mouseClick(line.cancel, Qt.MouseButton.LeftButton)
    assert task.cancelled
    assert line.words.text() == "Stopping…"
    line.finish()
    task.voice.progressed.emit(Step(1, 2, "late"))
    assert line.words.text() == "Stopping…"


def test_the_key_sheet_shows_each_key_with_what_it_does(qtbot, themed, photograph) -> None:
    hints = [
        KeyHint("1 2 3 4 5", "rate", "Checklist"),
        KeyHint("N", "non-conformity from this item", "Checklist"),
        KeyHint("Ctrl+K", "go anywhere", "Everywhere"),
    ]
    sheet = shown(qtbot, KeySheet(hints))
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    assert texts == [
        "Checklist",
        "1  2  3  4  5",
        "rate",
        "N",
        "non-conformity from this item",
        "Everywhere",
        "Ctrl+K",
        "go anywhere",
    ]
    photograph(sheet, f"keys-{themed}")
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert sheet.isHidden()
