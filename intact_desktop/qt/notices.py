"""What is said to the user in place: empty pages, notices, errors. No dialog, no blinking."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError
from intact_desktop.qt import icons, theme
from intact_desktop.qt.theme import GRID

Action = tuple[str, Callable[[], None]]
_EMPTY_WIDTH = 60 * GRID


def label(text: str, look: str = "", *, wrap: bool = False) -> QLabel:
    """A label in one of the looks of the style sheet; its text can be selected and copied."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("look", look)
    made.setWordWrap(wrap)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


class Still(QWidget):
    """Holds one line whose text changes often.

    A label asks for a new layout with each text, and then everything around it is painted again.
    """

    def __init__(self, line: QLabel) -> None:
        super().__init__()
        self._line = line
        line.setParent(self)
        self.setFixedHeight(line.fontMetrics().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._line.resize(event.size())


def button(action: Action, look: str = "") -> QPushButton:
    """A button that calls the action; Enter presses it when it has the focus."""
    made = QPushButton(action[0])
    made.setProperty("look", look)
    made.setAutoDefault(True)
    made.clicked.connect(lambda: action[1]())
    return made


class EmptyState(QWidget):
    """A page with nothing on it says what to do next."""

    def __init__(
        self, title: str, sentence: str, action: Action | None = None, icon: str = ""
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.addStretch(2)
        if icon:
            picture = QLabel()
            picture.setPixmap(icons.icon(icon, theme.colours().muted).pixmap(48))
            column.addWidget(picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        for text, look in ((title, "title"), (sentence, "muted")):
            line = label(text, look, wrap=True)
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            line.setFixedWidth(_EMPTY_WIDTH)
            # A centred line is else given the height of one that is wider than it is.
            line.ensurePolished()
            line.setMinimumHeight(line.heightForWidth(_EMPTY_WIDTH))
            column.addWidget(line, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.button = button(action, "main") if action else None
        if self.button:
            column.addSpacing(GRID)
            column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignHCenter)
            self.setFocusProxy(self.button)
        column.addStretch(3)
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)


class Banner(QFrame):
    """One line of notice at the top of a page, with at most one action; Esc or × hides it."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "notice")
        self.setAccessibleName(self.tr("Notice"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        self.text = label("", wrap=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(self.text, 1)
        self.action = button(("", self._act))
        row.addWidget(self.action)
        dismiss = button(("", self.dismiss), "plain")
        dismiss.setIcon(icons.icon("x", theme.colours().on_notice))
        dismiss.setAccessibleName(self.tr("Hide this notice"))
        dismiss.setToolTip(self.tr("Hide this notice"))
        row.addWidget(dismiss)
        self._then: Callable[[], None] | None = None
        self.hide()

    def say(self, sentence: str, action: Action | None = None) -> None:
        """Show a sentence in place of what was shown before."""
        self.text.setText(sentence)
        self.setAccessibleDescription(sentence)
        self._then = action[1] if action else None
        self.action.setText(action[0] if action else "")
        self.action.setVisible(action is not None)
        self.show()

    def dismiss(self) -> None:
        self.hide()
        self.closed.emit()

    def _act(self) -> None:
        if self._then is not None:
            self._then()


class ErrorPanel(QFrame):
    """What happened and what to do, in the page where it happened; details folded away."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        self.title = label("", "error")
        self.sentence = label("", wrap=True)
        self.details = label("", "muted", wrap=True)
        column.addWidget(self.title)
        column.addWidget(self.sentence)
        row = QHBoxLayout()
        self.again = button((self.tr("Try again"), self._again), "main")
        self.fold = button((self.tr("Details"), self._unfold), "plain")
        self.fold.setCheckable(True)
        row.addWidget(self.again)
        row.addWidget(self.fold)
        row.addStretch()
        column.addLayout(row)
        column.addWidget(self.details)
        self._retry: Callable[[], None] | None = None
        self.hide()

    def show_error(self, error: IntactError, retry: Callable[[], None] | None = None) -> None:
        """Show an expected error; `retry` gives it a button that tries again."""
        self.title.setText(error.title)
        self.sentence.setText(error.sentence)
        self.details.setText(error.details)
        self.details.hide()
        self.fold.setChecked(False)
        self.fold.setVisible(bool(error.details))
        self._retry = retry
        self.again.setVisible(retry is not None)
        self.setAccessibleName(error.title)
        self.setAccessibleDescription(error.sentence)
        self.show()

    def _unfold(self) -> None:
        self.details.setVisible(self.fold.isChecked())

    def _again(self) -> None:
        self.hide()
        if self._retry is not None:
            self._retry()
