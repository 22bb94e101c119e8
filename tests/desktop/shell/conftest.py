"""The window in our own look, in English with its plurals."""

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QWidget

from intact_desktop.qt import language, theme

TRANSLATIONS = Path(__file__).parents[3] / "resources" / "translations"


@pytest.fixture(params=["light", "dark"])
def themed(qapp: QApplication, request: pytest.FixtureRequest) -> str:
    theme.apply(qapp, dark=request.param == "dark")
    return request.param


@pytest.fixture
def english(qapp: QApplication):
    before = QLocale()
    locale = QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom)
    QLocale.setDefault(locale)
    loaded = language.speak(qapp, TRANSLATIONS, locale)
    assert loaded
    yield
    for translator in loaded:
        qapp.removeTranslator(translator)
    QLocale.setDefault(before)


@pytest.fixture
def photograph():
    """Keep a picture of a widget where INTACT_PICTURES names a folder; else do nothing."""

    def keep(widget: QWidget, name: str) -> None:
        folder = os.environ.get("INTACT_PICTURES")
        if folder:
            QApplication.processEvents()
            widget.grab().save(str(Path(folder) / f"{name}.png"))

    return keep
