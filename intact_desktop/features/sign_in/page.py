"""Set up this laptop, once; and unlock it, each time."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QCheckBox, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from intact_core.errors import BadInput, CodeNeeded, IntactError
from intact_desktop.features.sign_in.waiting import Card, Doorway, secret_line
from intact_desktop.features.sign_in.ways import EnrolForm, Inside, Ways
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.tasks import Lanes
from intact_desktop.qt.theme import GRID, LARGE_PIXELS
from intact_desktop.settings import Account
from intact_desktop.vault.outline import SHORTEST_PASSPHRASE, needs_recovery_code

_GOOD = 20


class EnrolPage(QStackedWidget):
    """`entered` carries the open profile, once the recovery code is written down, if any."""

    entered = Signal(object)

    def __init__(self, door: Ways, lanes: Lanes, server: str = "") -> None:
        super().__init__()
        self._door = door
        self.server, self.email = QLineEdit(server), QLineEdit()
        self.server.setAccessibleName(self.tr("Server"))
        self.server.setPlaceholderText("https://…")
        self.email.setAccessibleName(self.tr("E-mail"))
        self.password = secret_line(self.tr("Password"))
        self.code = QLineEdit()
        self.code.setAccessibleName(self.tr("Code"))
        self.code_name = label(self.tr("Code of your authenticator, or a recovery code"))
        self.passphrase = secret_line(self.tr("Passphrase"))
        self.passphrase_again = secret_line(self.tr("Passphrase again"))
        self.strength = label("", "muted", wrap=True)
        self.passphrase.textChanged.connect(self._say_strength)
        self.enrol_button = button((self.tr("Set up this laptop"), self.enrol), "main")
        self.doorway = Doorway(lanes.network, self.enrol_button, self)
        self.error = self.doorway.error
        self.doorway.entered.connect(self._enrolled)
        self.doorway.failed.connect(self._ask_for_code)
        self.code_page = CodePage()
        self.addWidget(self._form())
        self.addWidget(self.code_page)
        self._say_strength("")
        (self.email if server else self.server).setFocus()

    def enrol(self) -> None:
        """Check what was typed, then set up."""
        problem = self._problem()
        if problem is not None:
            self.doorway.refuse(problem)
            return
        form = EnrolForm(
            self.server.text(),
            self.email.text(),
            self.password.text(),
            self.passphrase.text(),
            self.code.text().strip(),
        )
        self.doorway.run(lambda say: self._door.enrol(form, say))

    def _form(self) -> QWidget:
        card = Card()
        card.column.addWidget(label(self.tr("Set up this laptop"), "title"))
        card.column.addWidget(
            label(self.tr("This needs a connection, once. After it you work without."), "muted")
        )
        lines = (
            (self.tr("Server"), self.server),
            (self.tr("E-mail"), self.email),
            (self.tr("Password of your account"), self.password),
            (self.tr("New passphrase for this laptop"), self.passphrase),
            (self.tr("The passphrase again"), self.passphrase_again),
        )
        for name, line in lines:
            card.column.addWidget(label(name))
            card.column.addWidget(line)
            line.returnPressed.connect(self.enrol_button.click)
            if line is self.password:
                self._add_code(card)
            if line is self.passphrase:
                card.column.addWidget(self.strength)
        for widget in (self.error, self.enrol_button, self.doorway.words):
            card.column.addWidget(widget)
        return card

    def _add_code(self, card: Card) -> None:
        for widget in (self.code_name, self.code):
            card.column.addWidget(widget)
            widget.hide()
        self.code.returnPressed.connect(self.enrol_button.click)

    def _ask_for_code(self, error: IntactError) -> None:
        # A code counts once, also where something else went wrong after it.
        self.code.clear()
        if isinstance(error, CodeNeeded):
            self.code_name.show()
            self.code.show()
            self.code.setFocus()

    def _problem(self) -> BadInput | None:
        empty = [line for line in (self.server, self.email, self.password) if not line.text()]
        if empty:
            empty[0].setFocus()
            return BadInput(
                self.tr("Server, e-mail and password are all needed to set up this laptop."),
                title=self.tr("Something is still empty"),
            )
        if self.passphrase.text() != self.passphrase_again.text():
            self.passphrase_again.setFocus()
            return BadInput(
                self.tr("The two passphrases are not the same. Type both again."),
                title=self.tr("The passphrases differ"),
            )
        return None

    def _say_strength(self, typed: str) -> None:
        if len(typed) < SHORTEST_PASSPHRASE:
            words = self.tr(
                "At least {n} characters; three or four words that do not belong together."
            ).format(n=SHORTEST_PASSPHRASE)
        elif len(typed) < _GOOD or len(set(typed)) < SHORTEST_PASSPHRASE // 2:
            words = self.tr("Long enough. One more word makes it much stronger.")
        else:
            words = self.tr("Strong.")
        self.strength.setText(words)

    def _enrolled(self, entered: Inside) -> None:
        for line in (self.password, self.code, self.passphrase, self.passphrase_again):
            line.clear()
        if entered.recovery_code is None:
            self.entered.emit(entered)
            return
        self.code_page.show_code(entered.recovery_code)
        self.code_page.written_down.connect(lambda: self.entered.emit(entered))
        self.setCurrentWidget(self.code_page)


class CodePage(QWidget):
    """Shows the recovery code once, until its owner says that it is written down."""

    written_down = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.code = label("", wrap=True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(LARGE_PIXELS)
        font.setWeight(QFont.Weight.DemiBold)
        self.code.setFont(font)
        self.code.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.code.setAccessibleName(self.tr("Recovery code"))
        self.sure = QCheckBox(self.tr("I wrote it down"))
        self.go_on_button = button((self.tr("Go on"), self._go_on), "main")
        self.go_on_button.setEnabled(False)
        self.sure.toggled.connect(self.go_on_button.setEnabled)
        card = Card()
        card.column.setSpacing(2 * GRID)
        card.column.addWidget(label(self.tr("Write this code down"), "title"))
        card.column.addWidget(
            label(
                self.tr(
                    "This computer has no keyring, so half of the key is in this code. You need "
                    "it with the passphrase each time you unlock. It is shown only now, and "
                    "nobody can make it again. Keep it away from the laptop."
                ),
                wrap=True,
            )
        )
        for widget in (self.code, self.sure, self.go_on_button):
            card.column.addWidget(widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(card)

    def show_code(self, code: str) -> None:
        """Three groups to a line, so that they can be read off."""
        groups = code.split("-")
        self.code.setText("-".join(groups[:3]) + "\n" + "-".join(groups[3:]))

    def _go_on(self) -> None:
        self.code.clear()
        self.written_down.emit()


class UnlockPage(QWidget):
    """Opens the profile with the passphrase, without a network while the lease lasts."""

    entered = Signal(object)

    def __init__(self, door: Ways, lanes: Lanes) -> None:
        super().__init__()
        self._door = door
        self.passphrase = secret_line(self.tr("Passphrase"))
        self.recovery_code = QLineEdit()
        self.recovery_code.setAccessibleName(self.tr("Recovery code"))
        self.unlock_button = button((self.tr("Unlock"), self.unlock), "main")
        self.doorway = Doorway(lanes.network, self.unlock_button, self)
        self.error = self.doorway.error
        self.doorway.entered.connect(self._unlocked)
        account = door.profile.load("account", Account) or Account(server="", email="")
        self._asks_code = needs_recovery_code(door.profile)
        card = Card()
        card.column.addWidget(label(self.tr("Unlock"), "title"))
        card.column.addWidget(label(f"{account.email} · {account.server}", "muted", wrap=True))
        card.column.addWidget(label(self.tr("Passphrase of this laptop")))
        card.column.addWidget(self.passphrase)
        if self._asks_code:
            card.column.addWidget(label(self.tr("Recovery code")))
            card.column.addWidget(self.recovery_code)
        for widget in (self.error, self.unlock_button, self.doorway.words):
            card.column.addWidget(widget)
        for line in (self.passphrase, self.recovery_code):
            line.returnPressed.connect(self.unlock_button.click)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(card)
        self.setFocusProxy(self.passphrase)

    def unlock(self) -> None:
        passphrase = self.passphrase.text()
        code = self.recovery_code.text() if self._asks_code else None
        self.doorway.run(lambda say: self._door.unlock(passphrase, code, say))

    def _unlocked(self, entered: Inside) -> None:
        self.passphrase.clear()
        self.recovery_code.clear()
        self.entered.emit(entered)
