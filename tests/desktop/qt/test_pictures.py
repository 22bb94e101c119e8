"""Photos, dropping, the signature, the camera, the PDF."""

import io
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QPointingDevice,
    QTabletEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from reportlab.pdfgen.canvas import Canvas

from intact_core.errors import BadInput, IntactError
from intact_desktop.qt.camera import CameraDialog
from intact_desktop.qt.drop_area import DropArea
from intact_desktop.qt.multimedia_camera import load_camera
from intact_desktop.qt.pdf_view import PdfView
from intact_desktop.qt.photo_view import PhotoView
from intact_desktop.qt.signature_pad import SignaturePad


def picture(form: str = "JPEG", size: tuple[int, int] = (400, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "orange").save(out, form)
    return out.getvalue()


def shown(qtbot, widget):
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    return widget


def colours(widget) -> set[str]:
    image = widget.grab().toImage()
    points = ((x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7))
    return {image.pixelColor(x, y).name() for x, y in points}


def is_orange(name: str) -> bool:
    red, green, blue = (int(name[at : at + 2], 16) for at in (1, 3, 5))
    return red > 230 and 140 < green < 190 and blue < 40


def test_a_photo_is_fitted_zoomed_and_moved(qtbot, themed) -> None:
    view = PhotoView()
    view.resize(400, 400)
    shown(qtbot, view)
    view.show_photo(picture(), "Exit 4")
    assert view.accessibleName() == "Exit 4"
    fitted = view.grab().toImage()
    assert not is_orange(fitted.pixelColor(200, 10).name())
    assert is_orange(fitted.pixelColor(200, 200).name())
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.zoom == pytest.approx(1.25**3)
    assert is_orange(view.grab().toImage().pixelColor(200, 10).name())
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.zoom == 1
    view.zoom_by(100)
    assert view.zoom == 8
    view.zoom_by(0.0001)
    assert view.zoom == 1


def test_a_photo_that_cannot_be_shown_says_why(qtbot, themed, photograph) -> None:
    view = PhotoView()
    view.resize(400, 300)
    shown(qtbot, view)
    view.show_photo(None, "IMG_1", "This photo is damaged. It is kept and sealed as it is.")
    assert len(colours(view)) > 2
    assert view.accessibleDescription().startswith("This photo is damaged")
    photograph(view, f"placeholder-{themed}")
    view.show_photo(b"not a photo", "IMG_2")
    assert view.grab()


@pytest.fixture
def area(qtbot):
    area = DropArea()
    area.heard = []
    area.received.connect(area.heard.append)
    return shown(qtbot, area)


def drop(area: DropArea, mime: QMimeData) -> QDropEvent:
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    held = (mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPointF(5, 5), actions, *held)
    QApplication.sendEvent(area, enter)
    assert enter.isAccepted()
    assert area.property("over")
    event = QDropEvent(QPointF(5, 5), actions, *held)
    QApplication.sendEvent(area, event)
    assert not area.property("over")
    return event


def test_dropped_files_come_in_and_stay_where_they_are(area: DropArea, tmp_path: Path) -> None:
    files = [tmp_path / "one.jpg", tmp_path / "two.pdf"]
    for file in files:
        file.write_bytes(b"x")
    mime = QMimeData()
    urls = [*(QUrl.fromLocalFile(str(file)) for file in files), QUrl("https://example.org/x")]
    mime.setUrls([*urls, QUrl.fromLocalFile(str(tmp_path))])
    event = drop(area, mime)
    assert area.heard == [files]
    assert event.dropAction() == Qt.DropAction.CopyAction


def test_a_picture_in_the_clipboard_comes_in_as_png(qtbot, area: DropArea) -> None:
    QGuiApplication.clipboard().setImage(QImage.fromData(picture("PNG")))
    area.setFocus()
    qtbot.keyClick(area, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    ((content,),) = area.heard
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("PNG", (400, 300))


def test_text_in_the_clipboard_is_no_evidence(area: DropArea) -> None:
    QGuiApplication.clipboard().setText("hello")
    assert not area.paste()
    assert area.heard == []


def sign_with_mouse(qtbot, pad: SignaturePad) -> None:
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(40, 80))
    for x in range(50, 250, 10):
        qtbot.mouseMove(pad, QPoint(x, 60 + x % 40))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(250, 60))


def ink(content: bytes) -> int:
    image = QImage.fromData(content)
    assert (image.width(), image.height()) == (900, 300)
    points = ((x, y) for x in range(0, 900, 3) for y in range(0, 300, 3))
    return sum(image.pixelColor(x, y).alpha() > 128 for x, y in points)


def test_a_signature_by_mouse(qtbot, themed, photograph) -> None:
    pad = shown(qtbot, SignaturePad())
    assert not pad.is_signed
    with qtbot.waitSignal(pad.changed):
        sign_with_mouse(qtbot, pad)
    assert pad.is_signed
    assert ink(pad.png()) > 100
    photograph(pad, f"signature-{themed}")
    pad.undo()
    assert not pad.is_signed
    assert ink(pad.png()) == 0


def test_a_dot_is_no_signature(qtbot) -> None:
    pad = shown(qtbot, SignaturePad())
    qtbot.mouseClick(pad, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert not pad.is_signed
    pad.clear()
    assert not pad.is_signed


def test_a_signature_by_finger(qtbot) -> None:
    pad = shown(qtbot, SignaturePad())
    screen = QTest.createTouchDevice()
    QTest.touchEvent(pad, screen).press(1, QPoint(20, 20), pad).commit()
    for x in range(30, 200, 10):
        QTest.touchEvent(pad, screen).move(1, QPoint(x, 20 + x % 30), pad).commit()
    QTest.touchEvent(pad, screen).release(1, QPoint(200, 40), pad).commit()
    assert pad.is_signed


def test_a_signature_by_pen(qtbot) -> None:
    pad = shown(qtbot, SignaturePad())
    kinds = [QEvent.Type.TabletPress, *[QEvent.Type.TabletMove] * 8, QEvent.Type.TabletRelease]
    for step, kind in enumerate(kinds):
        where = QPointF(20 + 15 * step, 40 + step % 3 * 9)
        event = QTabletEvent(
            kind,
            QPointingDevice.primaryPointingDevice(),
            where,
            where,
            0.5,
            0,
            0,
            0.0,
            0.0,
            0.0,
            Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton,
        )
        QApplication.sendEvent(pad, event)
        assert event.isAccepted()
    assert pad.is_signed


class FakeCamera:
    def __init__(self, names: list[str], fault: IntactError | None = None) -> None:
        self.names, self.fault, self.calls = names, fault, []

    def devices(self):
        return self.names

    def view(self):
        return QLabel("live")

    def start(self, device, on_error):
        self.calls.append(("start", device))
        if self.fault:
            on_error(self.fault)

    def take(self, on_picture):
        on_picture(picture())

    def stop(self):
        self.calls.append(("stop",))


def test_space_takes_pictures_until_it_is_closed(qtbot) -> None:
    camera = FakeCamera(["inside", "outside"])
    dialog = shown(qtbot, CameraDialog(camera))
    taken = []
    dialog.taken.connect(taken.append)
    for _ in range(2):
        qtbot.keyClick(dialog, Qt.Key.Key_Space)
    dialog.choice.setCurrentIndex(1)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert [bytes(one)[:3] for one in taken] == [b"\xff\xd8\xff"] * 2
    assert camera.calls == [("start", 0), ("start", 1), ("stop",)]


def test_no_camera_says_what_to_do_instead(qtbot) -> None:
    dialog = shown(qtbot, CameraDialog(FakeCamera([])))
    assert "add a photo as a file" in dialog.error.sentence.text()
    assert not dialog.take_button.isEnabled()


def test_a_camera_that_is_held_can_be_tried_again(qtbot) -> None:
    camera = FakeCamera(["inside"], IntactError("Another program holds it."))
    dialog = shown(qtbot, CameraDialog(camera))
    assert not dialog.take_button.isEnabled()
    camera.fault = None
    qtbot.mouseClick(dialog.error.again, Qt.MouseButton.LeftButton)
    assert dialog.take_button.isEnabled()


def test_the_systems_camera_answers_in_words(qapp) -> None:
    camera = load_camera()
    if camera is None:
        pytest.skip("Qt Multimedia or one of its libraries is missing")
    errors = []
    camera.start(99, errors.append)
    assert "Nothing was lost" in errors[0].sentence
    camera.stop()


def pdf(pages: int) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(pages):
        canvas.drawString(100, 700, f"page {number + 1}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_a_report_is_shown_page_by_page(qtbot) -> None:
    view = PdfView()
    view.resize(700, 800)
    shown(qtbot, view)
    view.show_pdf(pdf(3))
    assert (view.page_count, view.page) == (3, 0)
    assert view.pages.text() == "Page 1 of 3"
    view.turn(1)
    assert view.pages.text() == "Page 2 of 3"
    view.turn(99)
    assert view.page == 2
    before = view.zoom
    view.zoom_by(1.25)
    assert view.zoom == pytest.approx(before * 1.25)
    view.zoom_by(1000)
    assert view.zoom == 5
    view.show_pdf(pdf(1))
    assert view.pages.text() == "Page 1 of 1"


@pytest.mark.parametrize("content", [b"", b"<html>hotel</html>", b"%PDF-1.7 cut"])
def test_what_is_no_pdf_is_said(qtbot, content: bytes) -> None:
    view = shown(qtbot, PdfView())
    with pytest.raises(BadInput, match="cannot be shown"):
        view.show_pdf(content)
    view.show_pdf(pdf(2))
    assert view.page_count == 2
