"""The look: readable in both themes, grades told apart without colour."""

import itertools

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget

from intact_desktop.qt import icons, theme
from intact_desktop.qt.theme import DARK, LIGHT, Colours, Grade


@pytest.mark.parametrize("chosen", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(chosen: Colours) -> None:
    texts = [chosen.text, chosen.muted, chosen.accent, chosen.error, *chosen.grades.values()]
    pairs = [*itertools.product(texts, chosen.grounds), (chosen.on_accent, chosen.accent)]
    pairs += [(chosen.on_notice, chosen.notice)]
    weak = [(a, b, round(theme.contrast(a, b), 2)) for a, b in pairs if theme.contrast(a, b) < 4.5]
    assert weak == []


def test_contrast_is_measured_as_the_guideline_says() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_theme_reaches_the_whole_application(qapp: QApplication, themed: str) -> None:
    chosen = DARK if themed == "dark" else LIGHT
    assert theme.colours() is chosen
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == chosen.window
    assert 13 <= qapp.font().pixelSize() <= 14


def test_focus_can_be_seen(qtbot, themed: str) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    buttons = [QPushButton(name) for name in ("Rate", "Next")]
    for button in buttons:
        row.addWidget(button)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    pictures = []
    for button in buttons:
        button.setFocus()
        qtbot.waitUntil(button.hasFocus)
        pictures.append(buttons[0].grab().toImage())
    assert pictures[0] != pictures[1]


def shape(grade: Grade) -> QImage:
    image = icons.grade_icon(grade).pixmap(QSize(32, 32)).toImage()
    return image.convertToFormat(QImage.Format.Format_Alpha8)


def test_grades_differ_in_shape_alone(qapp: QApplication, themed: str) -> None:
    shapes = [bytes(shape(grade).constBits()) for grade in Grade]
    assert all(any(one) for one in shapes)
    for one, other in itertools.combinations(shapes, 2):
        differing = sum(abs(a - b) > 100 for a, b in zip(one, other, strict=True))
        assert differing > 60


@pytest.mark.parametrize("name", ["camera", "warning", "magnifying-glass", "cloud-check"])
def test_icons_follow_the_theme(qapp: QApplication, name: str) -> None:
    theme.apply(qapp, dark=False)
    light = icons.icon(name).pixmap(24).toImage()
    theme.apply(qapp, dark=True)
    dark = icons.icon(name).pixmap(24).toImage()
    assert light != dark
    alphas = {dark.pixelColor(x, y).alpha() for x in range(24) for y in range(24)}
    assert len(alphas) > 1
