"""The door: set up this laptop, or unlock what is on it."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import BadInput, IntactError
from intact_desktop.features.sign_in import actions
from intact_desktop.features.sign_in.actions import Door, EnrolForm, Entered
from intact_desktop.qt.notices import ErrorPanel, button, label
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.tasks import Lanes, Step, Task
from intact_desktop.qt.theme import GRID
from intact_desktop.vault import vault
from intact_desktop.vault.keys import SHORTEST_PASSPHRASE

_WIDTH = 60 * GRID
Enter = Callable[[actions.Say], Entered]


class DoorPage(QStackedWidget):
    """What both doors share: a narrow card, work on a lane, errors in place.

    `entered` carries the Entered profile; a recovery code is shown before.
    """

    entered = Signal(object)

    def __init__(self, door: Door, lanes: Lanes) -> None:
        super().__init__()
        self.door, self._lanes = door, lanes
        self.error = ErrorPanel()
        self.progress = ProgressLine()
        self.progress.cancel.hide()
        self._form = QFormLayout()
        self._form.setSpacing(GRID)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)

    def add_line(self, name: str, *, secret: bool = False) -> QLineEdit:
        """A line of the form with its name before it."""
        line = QLineEdit()
        line.setAccessibleName(name)
        if secret:
            line.setEchoMode(QLineEdit.EchoMode.Password)
        self._form.addRow(name, line)
        return line

    def build(self, title: str, sentence: str, main: QPushButton, hint: str = "") -> None:
        """Put the card together; call it once all lines are there."""
        card = QFrame()
        card.setFixedWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setSpacing(2 * GRID)
        column.addWidget(label(title, "title", wrap=True))
        column.addWidget(label(sentence, "muted", wrap=True))
        column.addLayout(self._form)
        if hint:
            column.addWidget(label(hint, "muted", wrap=True))
        row = QHBoxLayout()
        row.addWidget(main)
        row.addWidget(self.progress, 1)
        column.addLayout(row)
        column.addWidget(self.error)
        self.addWidget(_centred(card))

    def enter(self, work: Enter, main: QPushButton) -> None:
        """Try the door; what goes wrong is said in place."""
        self.error.hide()
        main.setEnabled(False)

        def run(task: Task) -> Entered:
            return work(lambda words: task.progressed.emit(Step(0, 0, words)))

        task = self._lanes.network.run_watched(
            run, partial(self._done, main), partial(self._failed, main), self
        )
        self.progress.follow(task, self.tr("One moment"))

    def _done(self, main: QPushButton, entered: Entered) -> None:
        self.progress.finish()
        main.setEnabled(True)
        if entered.recovery_code is None:
            self.entered.emit(entered)
        else:
            self._show_code(entered, entered.recovery_code)

    def _failed(self, main: QPushButton, error: IntactError) -> None:
        self.progress.finish()
        main.setEnabled(True)
        self.error.show_error(error)

    def _show_code(self, entered: Entered, code: str) -> None:
        self.recovery_shown = label(code, "title")
        self.recovery_shown.setAccessibleName(self.tr("Recovery code"))
        self.written_button = button(
            (self.tr("I wrote it down"), lambda: self.entered.emit(entered)), "main"
        )
        card = QFrame()
        card.setFixedWidth(_WIDTH)
        column = QVBoxLayout(card)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("Write down this recovery code"), "title", wrap=True))
        column.addWidget(
            label(
                self.tr(
                    "This computer has no keyring that can be trusted. So each time you unlock, "
                    "the code is asked for with your passphrase. Without it nobody, not even we, "
                    "can open what is on this laptop. Keep it apart from the laptop."
                ),
                wrap=True,
            )
        )
        column.addWidget(self.recovery_shown)
        column.addWidget(self.written_button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.setCurrentIndex(self.addWidget(_centred(card)))
        self.written_button.setFocus()


class EnrolPage(DoorPage):
    """First start: sign in to the server, choose a passphrase, make the keys."""

    def __init__(self, door: Door, lanes: Lanes, server: str = "") -> None:
        super().__init__(door, lanes)
        self.server = self.add_line(self.tr("Server"))
        self.server.setText(server)
        self.server.setPlaceholderText("https://audit.example.org")
        self.email = self.add_line(self.tr("E-mail"))
        self.password = self.add_line(self.tr("Password"), secret=True)
        self.passphrase = self.add_line(self.tr("New passphrase"), secret=True)
        self.passphrase_again = self.add_line(self.tr("The passphrase again"), secret=True)
        self.enrol_button = button((self.tr("Set up this laptop"), self.enrol), "main")
        self.build(
            self.tr("Set up this laptop"),
            self.tr(
                "Sign in once with the network. After that everything works without it, and "
                "what you write is encrypted on this computer."
            ),
            self.enrol_button,
            self.tr(
                "The passphrase opens this laptop and signs reports. At least {n} characters; "
                "three or four words that do not belong together are good."
            ).format(n=SHORTEST_PASSPHRASE),
        )
        for line in (self.server, self.email, self.password, self.passphrase):
            line.returnPressed.connect(self.focusNextChild)
        self.passphrase_again.returnPressed.connect(self.enrol)
        self.setFocusProxy(self.email if server else self.server)

    def enrol(self) -> None:
        """Set up with what was typed."""
        if self.passphrase.text() != self.passphrase_again.text():
            self.error.show_error(
                BadInput(
                    self.tr("The two passphrases differ. Type the same one twice."),
                    title=self.tr("Once more, please"),
                )
            )
            self.passphrase_again.setFocus()
            return
        form = EnrolForm(
            self.server.text(), self.email.text(), self.password.text(), self.passphrase.text()
        )
        self.enter(partial(actions.enrol, self.door, form), self.enrol_button)


class UnlockPage(DoorPage):
    """Every other start: the passphrase, and the recovery code where there is no keyring."""

    def __init__(self, door: Door, lanes: Lanes) -> None:
        super().__init__(door, lanes)
        self.passphrase = self.add_line(self.tr("Passphrase"), secret=True)
        self.recovery_code: QLineEdit | None = None
        if vault.needs_recovery_code(door.profile):
            self.recovery_code = self.add_line(self.tr("Recovery code"))
            self.recovery_code.returnPressed.connect(self.unlock)
        self.unlock_button = button((self.tr("Unlock"), self.unlock), "main")
        self.build(
            self.tr("Intact is locked"),
            self.tr("Your work is on this computer, encrypted. No network is needed to unlock."),
            self.unlock_button,
        )
        self.passphrase.returnPressed.connect(self.unlock)
        self.setFocusProxy(self.passphrase)

    def unlock(self) -> None:
        """Try the passphrase; what was typed is forgotten at once."""
        code = self.recovery_code.text() if self.recovery_code is not None else None
        work = partial(actions.unlock, self.door, self.passphrase.text(), code)
        self.passphrase.clear()
        self.enter(work, self.unlock_button)


def _centred(card: QWidget) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.addStretch(2)
    column.addWidget(card, alignment=Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(3)
    return whole
