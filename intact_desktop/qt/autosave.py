"""Texts that keep themselves: there is no Save button anywhere."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

_PAUSE_MILLISECONDS = 400
_LONGEST_MILLISECONDS = 2000


class Keeper(QObject):
    """Says when a text is to be kept: after a short pause, every two seconds of typing, at once
    when it is left. It never says the same text twice."""

    kept = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = self._last = ""
        self._pause = QTimer(self, interval=_PAUSE_MILLISECONDS, singleShot=True)
        self._longest = QTimer(self, interval=_LONGEST_MILLISECONDS, singleShot=True)
        self._pause.timeout.connect(self.flush)
        self._longest.timeout.connect(self.flush)

    @property
    def pending(self) -> bool:
        """Whether something typed was not handed over yet."""
        return self._text != self._last

    def reset(self, text: str) -> None:
        """The text as it is stored."""
        self._pause.stop()
        self._longest.stop()
        self._text = self._last = text

    def changed(self, text: str) -> None:
        self._text = text
        if not self.pending:
            return
        self._pause.start()
        if not self._longest.isActive():
            self._longest.start()

    def flush(self) -> None:
        """Hand over what was typed, now."""
        self._pause.stop()
        self._longest.stop()
        if self.pending:
            self._last = self._text
            self.kept.emit(self._text)


class AutosaveText(QPlainTextEdit):
    """A text of several lines; `kept` carries what is to be stored. Esc leaves it."""

    kept = Signal(str)

    def __init__(self, name: str, placeholder: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self._keeper = Keeper(self)
        self._keeper.kept.connect(self.kept)
        self.textChanged.connect(lambda: self._keeper.changed(self.toPlainText()))

    def load(self, text: str) -> None:
        """Show what is stored. What the user is typing just now is not taken away."""
        if not self._keeper.pending and text != self.toPlainText():
            self._keeper.reset(text)
            self.setPlainText(text)

    def turn_to(self, text: str) -> None:
        """Hand over what was typed for the old record, then show the text of another.

        Call it while `kept` still goes to the old record.
        """
        self._keeper.flush()
        self.load(text)

    def flush(self) -> None:
        self._keeper.flush()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._keeper.flush()

    def hideEvent(self, event: QHideEvent) -> None:
        self._keeper.flush()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class AutosaveLine(QLineEdit):
    """A text of one line; `kept` carries what is to be stored. Esc and Enter leave it."""

    kept = Signal(str)

    def __init__(self, name: str, placeholder: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self._keeper = Keeper(self)
        self._keeper.kept.connect(self.kept)
        self.textChanged.connect(self._keeper.changed)
        self.editingFinished.connect(self._keeper.flush)

    def load(self, text: str) -> None:
        """Show what is stored. What the user is typing just now is not taken away."""
        if not self._keeper.pending and text != self.text():
            self._keeper.reset(text)
            self.setText(text)

    def turn_to(self, text: str) -> None:
        """Hand over what was typed for the old record, then show the text of another.

        Call it while `kept` still goes to the old record.
        """
        self._keeper.flush()
        self.load(text)

    def flush(self) -> None:
        self._keeper.flush()

    def hideEvent(self, event: QHideEvent) -> None:
        self._keeper.flush()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)


def typing(widget: QWidget | None) -> bool:
    """Whether the cursor is in a text, so that single letters are letters and not commands."""
    return isinstance(widget, QLineEdit | QPlainTextEdit) and widget.testAttribute(
        Qt.WidgetAttribute.WA_InputMethodEnabled
    )
