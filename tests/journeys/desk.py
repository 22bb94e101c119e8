"""One auditor at one laptop: the real application, driven through its widgets."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from sqlalchemy import select

from intact_core.errors import IntactError
from intact_desktop.application import Application, Desk, Surroundings
from intact_desktop.qt.page import Page
from intact_desktop.qt.workbench import Workbench
from intact_desktop.settings import Profile
from intact_desktop.store.tables import Outbox
from intact_desktop.sync.gateway import Gateway
from tests.journeys.processes import PASSWORD

PASSPHRASE = "copper lantern orchard seven"
_PATIENCE_SECONDS = 60
_LONG_SECONDS = 100_000.0


class PocketSecrets:
    """A keyring of one laptop, in memory: the demo touches nobody's real one."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def read(self, vault_id: str) -> bytes | None:
        return self.kept.get(vault_id)

    def write(self, vault_id: str, secret: bytes) -> None:
        self.kept[vault_id] = secret

    def delete(self, vault_id: str) -> None:
        self.kept.pop(vault_id, None)


def wait(what: Callable[[], object], words: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Let the windows work until something is true."""
    loop, tick, end = QEventLoop(), QTimer(interval=5), QTimer(singleShot=True)
    tick.timeout.connect(lambda: loop.quit() if what() else None)
    end.timeout.connect(lambda: loop.exit(1))
    tick.start()
    end.start(round(seconds * 1000))
    if not what() and loop.exec():
        raise TimeoutError(f"waited in vain: {words}")
    tick.stop()
    end.stop()


class Laptop:
    """A profile with its window. `shots` is where pictures go."""

    def __init__(self, root: Path, name: str, server: str, shots: Path) -> None:
        self.name = name
        self.shots = shots
        self.error: IntactError | None = None
        self.secrets = PocketSecrets()
        # Keys pressed by a test reach the widget alone: for the watch at the window nobody is here.
        around = Surroundings(self.secrets, Gateway, lambda: None, idle_seconds=_LONG_SECONDS)
        self.application = Application(Profile.at(root, name), around, server)
        self.application.opened.connect(self._watch)
        self.window = self.application.window
        self.window.resize(1280, 800)
        self.window.show()

    @property
    def desk(self) -> Desk:
        """What is on the desk while the profile is open."""
        assert self.application.desk is not None, f"{self.name} is locked"
        return self.application.desk

    @property
    def bench(self) -> Workbench:
        """The open profile."""
        return self.desk.bench

    def _watch(self) -> None:
        def note(error: IntactError | None) -> None:
            self.error = error

        self.desk.driver.failed.connect(note)
        self.desk.driver.ended.connect(lambda _: note(None))

    def enrol(self, email: str) -> None:
        """Set up the laptop at its door, and wait for the first sync."""
        page = self.application.door
        page.email.setText(email)
        page.password.setText(PASSWORD)
        page.passphrase.setText(PASSPHRASE)
        page.passphrase_again.setText(PASSPHRASE)
        self.shot("enrol")
        QTest.mouseClick(page.enrol_button, Qt.MouseButton.LeftButton)
        self._at_door(page)
        self.synced()

    def lock_and_unlock(self) -> None:
        """Lock, be refused with a wrong passphrase, and open again without a network."""
        self.application.lock()
        page = self.application.door
        page.passphrase.setText("not the passphrase")
        QTest.mouseClick(page.unlock_button, Qt.MouseButton.LeftButton)
        wait(lambda: page.error.isVisible(), "the wrong passphrase is refused")
        self.shot("locked")
        wait(lambda: page.unlock_button.isEnabled(), "the next try is allowed")
        page.passphrase.setText(PASSPHRASE)
        QTest.mouseClick(page.unlock_button, Qt.MouseButton.LeftButton)
        self._at_door(page)

    def _at_door(self, page: QWidget) -> None:
        wait(lambda: self.application.desk or page.error.isVisible(), f"{self.name} enters")
        if self.application.desk is None:
            raise RuntimeError(f"{page.error.title.text()}: {page.error.sentence.text()}")

    def sync(self) -> None:
        """Press Sync and wait for a whole round."""
        self.settle()
        wait(lambda: not self.desk.driver.is_running, "the round before")
        self.error = None
        self.desk.driver.sync_now()
        self.synced()

    def synced(self) -> None:
        """Wait until no round runs; fails with what the server said."""
        wait(lambda: not self.desk.driver.is_running, f"{self.name} syncs", 120)
        if self.error is not None:
            raise self.error
        self.settle()

    def try_sync(self) -> str:
        """A round that may fail; returns the title of what went wrong."""
        wait(lambda: not self.desk.driver.is_running, "the round before")
        self.desk.driver.sync_now()
        wait(lambda: not self.desk.driver.is_running, "a round")
        self.settle()
        title, self.error = (self.error.title if self.error else ""), None
        return title

    def settle(self) -> None:
        """Wait until everything typed is in the database and shown."""
        for _ in range(2):
            answers: list[None] = []
            self.bench.ask(lambda _: None, answers.append)
            wait(lambda answers=answers: answers, f"{self.name} is quiet")
            QApplication.processEvents()

    def pictured(self) -> None:
        """Wait until all photos in sight are shown: what is painted asks for them."""
        for _ in range(2):
            QApplication.processEvents()
            answers: list[None] = []
            self.bench.lanes.cpu.run(lambda: None, answers.append)
            wait(lambda answers=answers: answers, f"{self.name} has its pictures")

    def open_audit(self, number: str) -> UUID:
        """Open an audit from My audits; returns its id."""
        self.window.open("audits")
        page = self.desk.audits
        wait(lambda: any(row.number == number for row in page.model.rows), f"{number} is here")
        row = next(row for row in page.model.rows if row.number == number)
        page.open_audit(row.id)
        return row.id

    def tab(self, key: str) -> Page:
        """Go to a page of the open audit and wait until it shows what it read."""
        self.window.open("audit")
        page = getattr(self.desk.workspace, key)
        self.desk.workspace.tabs.setCurrentWidget(page)
        wait(lambda: page.is_ready, f"{key} of {self.name}")
        self.settle()
        return page

    def place(self, key: str) -> Page:
        """Go to a place at the left and wait until it shows what it read."""
        self.window.open(key)
        page = getattr(self.desk, key)
        wait(lambda: page.is_ready, f"{key} of {self.name}")
        self.settle()
        return page

    def shot(self, name: str, widget: QWidget | None = None) -> None:
        """Keep a picture of the window, once a layout that asks for another has had it."""
        for _ in range(3):
            QApplication.processEvents()
        (widget or self.window).grab().save(str(self.shots / f"{self.name}-{name}.png"))

    def press(self, widget: QWidget, key: str) -> None:
        """Press a key with the cursor in a widget of this window."""
        self.window.activateWindow()
        widget.setFocus()
        wait(widget.hasFocus, f"{self.name} has the keyboard")
        QTest.keyClick(widget, Qt.Key(ord(key)))

    def draw_signature(self, pad: QWidget) -> None:
        """Sign with the mouse."""
        width, height = pad.width(), pad.height()
        points = [
            QPoint(round(width * (0.15 + 0.7 * n / 30)), round(height * (0.5 + 0.25 * _wave(n))))
            for n in range(31)
        ]
        QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=points[0])
        for point in points[1:]:
            QTest.mouseMove(pad, point)
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=points[-1])

    def operations(self) -> list[tuple[str, str | None]]:
        """Everything that was done here: the operation and the verdict on it."""
        with self.bench.readers() as session:
            rows = session.execute(select(Outbox.raw, Outbox.verdict).order_by(Outbox.n))
            return [(raw, verdict) for raw, verdict in rows]

    def close(self) -> None:
        """Close the window and the lanes."""
        self.window.close()


def _wave(n: int) -> float:
    return (-1 if (n // 4) % 2 else 1) * (1 - (n % 4) / 4)
