"""The language of the windows: our own texts and Qt's, with their plural forms."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator


def speak(app: QCoreApplication, folder: Path, locale: QLocale) -> list[QTranslator]:
    """Load the texts of a language; English serves for its plurals, and where there is no other.

    The caller keeps what is returned for as long as the language is spoken.
    """
    qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    loaded = []
    for where, name, language in (
        (str(folder), "intact", QLocale(QLocale.Language.English)),
        (qt_folder, "qtbase", locale),
        (str(folder), "intact", locale),
    ):
        translator = QTranslator()
        if translator.load(language, name, "_", where):
            app.installTranslator(translator)
            loaded.append(translator)
    return loaded
