"""The window in English with its plurals."""

from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from intact_desktop.qt import language

TRANSLATIONS = Path(__file__).parents[3] / "resources" / "translations"


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
