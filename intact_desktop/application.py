"""The only composition root of the desktop."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QLocale, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from intact_core import clock
from intact_core.errors import IntactError, Place
from intact_core.sync.protocol import HelloAnswer, Successor
from intact_desktop.features.audits.page import AuditsPage
from intact_desktop.features.audits.queries import AuditRow
from intact_desktop.features.conflicts.page import ConflictsPage
from intact_desktop.features.follow_up.page import FollowUpPage
from intact_desktop.features.sign_in.actions import Connect, Door, Entered, speak_as
from intact_desktop.features.sign_in.page import EnrolPage, UnlockPage
from intact_desktop.features.sync_status.page import SyncPage
from intact_desktop.qt import language, theme
from intact_desktop.qt.camera import Camera
from intact_desktop.qt.key_sheet import KeyHint
from intact_desktop.qt.multimedia_camera import load_camera
from intact_desktop.qt.tasks import start_lanes
from intact_desktop.qt.workbench import Opened, Workbench
from intact_desktop.settings import Profile
from intact_desktop.shell.idle import IdleWatch
from intact_desktop.shell.main_window import MainWindow
from intact_desktop.shell.navigation import NavChild, NavEntry
from intact_desktop.shell.network_watch import NetworkWatch
from intact_desktop.shell.sync_driver import SyncDriver
from intact_desktop.shell.workspace import Workspace, audit_of
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import device_key, keys, vault
from intact_desktop.vault.keyring_secret import SecretStore
from intact_desktop.vault.keys import Kdf
from intact_desktop.vault.lease import LeaseBook, read_signed

_LOG = logging.getLogger("intact")
_TEXTS = Path(__file__).parent.parent / "resources" / "translations"
IDLE_SECONDS = 300.0


@dataclass(frozen=True)
class Surroundings:
    """What lies outside the application: keyring, server, camera; tests put others here."""

    secrets: SecretStore | None
    connect: Connect = Gateway
    camera: Callable[[], Camera | None] = load_camera
    kdf: Kdf = keys.STANDARD
    idle_seconds: float = IDLE_SECONDS


@dataclass
class Desk:
    """Everything of an unlocked profile; dropped as a whole by locking."""

    bench: Workbench
    gateway: Gateway
    driver: SyncDriver
    workspace: Workspace
    audits: AuditsPage
    follow_up: FollowUpPage
    conflicts: ConflictsPage
    sync: SyncPage


class Application(QObject):
    """One window over one profile. `opened` comes after unlocking, `locked` after locking."""

    opened = Signal()
    locked = Signal()

    def __init__(self, profile: Profile, around: Surroundings, server: str = "") -> None:
        super().__init__()
        self._profile, self._around, self._server = profile, around, server
        self.lanes = start_lanes(self._show_error, self._report)
        self.desk: Desk | None = None
        self.door: EnrolPage | UnlockPage | None = None
        self.window = MainWindow(self._places(), self._hints())
        self.window.closing.connect(self.close)
        self.window.status.clicked.connect(lambda: self.window.open("sync"))
        app = QApplication.instance()
        if app is not None:
            self._idle = IdleWatch(app, around.idle_seconds)
            self._idle.idle.connect(self.lock)
        self._show_door()

    def lock(self) -> None:
        """Close the database, drop the keys, clear the screen."""
        if self.desk is None:
            return
        self._drop()
        self._show_door()
        self.locked.emit()

    def close(self) -> None:
        """End all work in an order that loses none."""
        self._drop()
        if not self.lanes.close():
            _LOG.warning("a lane did not end in time")

    def _show_door(self) -> None:
        around = self._around
        door = Door(self._profile, around.secrets, around.connect, around.kdf)
        if vault.exists(self._profile):
            self.door = UnlockPage(door, self.lanes)
        else:
            self.door = EnrolPage(door, self.lanes, self._server)
        self.door.entered.connect(self._enter, Qt.ConnectionType.QueuedConnection)
        self.window.cover(self.door)

    def _enter(self, entered: Entered) -> None:
        opened = Opened(
            self._profile,
            entered.account,
            entered.engine,
            entered.unlocked,
            entered.device_id,
            entered.tenant_id,
            entered.user_id,
            entered.lease_until,
            self._around.secrets,
        )
        bench = Workbench(opened, self.lanes)
        bench.files.sweep()
        gateway = self._around.connect(entered.account.server)
        account = replace(entered.account, device_id=str(entered.device_id))
        speak_as(gateway, account, entered.unlocked)
        self.desk = Desk(
            bench,
            gateway,
            SyncDriver(bench, self._engine(bench, gateway), NetworkWatch()),
            Workspace(bench, self._around.camera),
            AuditsPage(bench),
            FollowUpPage(bench),
            ConflictsPage(bench),
            SyncPage(bench),
        )
        self._connect(self.desk)
        self.window.uncover()
        self.door = None
        self.window.open("audits")
        for page in (self.desk.audits, self.desk.follow_up, self.desk.conflicts, self.desk.sync):
            page.reload()
        self.desk.driver.count()
        self.desk.driver.sync_now()
        self.opened.emit()

    def _engine(self, bench: Workbench, gateway: Gateway) -> SyncEngine:
        opened = bench.opened
        key, folder = opened.unlocked.database_key, opened.profile.set_aside
        book = LeaseBook(opened.profile, key)

        def keep_lease(answer: HelloAnswer) -> None:
            book.renew(read_signed(answer.lease), answer.server_time)

        def renamed(given: Successor) -> None:
            book.renew(read_signed(given.lease), clock.now())
            account = replace(opened.account, device_id=str(given.device_id))
            opened.profile.save("account", account)

        return SyncEngine(
            opened.engine,
            gateway,
            lambda content: device_key.sign(opened.unlocked.device_key, content),
            FileTransfer(opened.engine, gateway, bench.files),
            Around(keep_lease, lambda: set_aside(opened.engine, key, folder), renamed),
        )

    def _connect(self, desk: Desk) -> None:
        bench, driver, status = desk.bench, desk.driver, self.window.status
        bench.said.connect(self.window.banner.say)
        bench.place_wanted.connect(self._go_to)
        driver.state.connect(status.show_state)
        driver.started.connect(lambda task: status.progress.follow(task, self.tr("Syncing")))
        driver.over.connect(status.progress.finish)
        driver.lives.connect(desk.sync.show_live)
        driver.failed.connect(lambda _: desk.sync.outdate())
        desk.sync.sync_wanted.connect(driver.sync_now)
        desk.audits.opened.connect(self.open_audit)
        desk.audits.listed.connect(self._list_audits)
        desk.conflicts.counted.connect(lambda n: self.window.set_badge("conflicts", _badge(n)))
        desk.sync.counted.connect(lambda n: self.window.set_badge("sync", _badge(n)))
        desk.follow_up.counted.connect(lambda n: self.window.set_badge("follow_up", _badge(n)))

    def open_audit(self, audit_id: object) -> None:
        """Show the workspace of an audit."""
        if self.desk is not None:
            self.window.open("audit")
            self.desk.workspace.open_audit(audit_id)  # type: ignore[arg-type]

    def _go_to(self, place: Place) -> None:
        desk = self.desk
        if desk is None:
            return
        if place.type == "conflicts":
            self.window.open("conflicts")
            desk.conflicts.go_to(place)
            return
        current = desk.workspace.audit_id

        def show(found: object) -> None:
            audit_id = found or current
            if audit_id is not None:
                self.window.open("audit")
                desk.workspace.go_to(audit_id, place)  # type: ignore[arg-type]

        desk.bench.ask(lambda session: audit_of(session, place), show, owner=desk.workspace)

    def _list_audits(self, rows: Sequence[AuditRow]) -> None:
        clients = [row.client for row in rows]
        children = [
            NavChild(
                row.client if clients.count(row.client) == 1 else row.number,
                "✓" if row.is_ready else "↓",
                f"{row.client}, {row.number}",
                lambda id_=row.id: self.open_audit(id_),  # type: ignore[misc]
            )
            for row in rows[:12]
        ]
        self.window.set_children("audits", children)

    def _places(self) -> list[NavEntry]:
        return [
            NavEntry("audits", self.tr("My audits"), "clipboard-text", lambda: self._made.audits),
            NavEntry("audit", self.tr("Open audit"), "folder-open", lambda: self._made.workspace),
            NavEntry("follow_up", self.tr("Follow-up"), "chat-text", lambda: self._made.follow_up),
            NavEntry("conflicts", self.tr("Conflicts"), "git-branch", lambda: self._made.conflicts),
            NavEntry("sync", self.tr("Sync"), "cloud-arrow-up", lambda: self._made.sync),
        ]

    @property
    def _made(self) -> Desk:
        if self.desk is None:
            raise RuntimeError("no page is made while the profile is locked")
        return self.desk

    def _hints(self) -> list[KeyHint]:
        here, audit = self.tr("In the checklist"), self.tr("In an audit")
        return [
            KeyHint("1 2 3 4 5", self.tr("conforms, observation, minor, major, n/a"), here),
            KeyHint("Return", self.tr("next unanswered item"), here),
            KeyHint("Shift+Return", self.tr("previous unanswered item"), here),
            KeyHint("N", self.tr("new finding from this item"), here),
            KeyHint("J", self.tr("join this item to a finding"), here),
            KeyHint("/", self.tr("search"), here),
            KeyHint("E", self.tr("evidence from files"), audit),
            KeyHint("Ctrl+V", self.tr("evidence from the clipboard"), audit),
            KeyHint("C", self.tr("camera"), audit),
            KeyHint("F8", self.tr("next thing that is missing"), audit),
            KeyHint("Shift+F8", self.tr("previous thing that is missing"), audit),
        ]

    def _drop(self) -> None:
        desk, self.desk = self.desk, None
        if desk is None:
            return
        desk.driver.stop()
        pages: list[QWidget] = [desk.workspace, desk.audits, desk.follow_up, desk.conflicts]
        for page in (*pages, desk.sync):
            page.hide()
        # What a text hands over as it hides is written before the database closes.
        if not desk.bench.close():
            _LOG.warning("the database did not close in time")
        desk.gateway.close()

    def _show_error(self, error: IntactError) -> None:
        self.window.banner.say(error.sentence)

    def _report(self, fault: BaseException) -> None:
        _LOG.error("unexpected", exc_info=fault)
        self.window.banner.say(
            self.tr(
                "Something went wrong that should not. What was saved before is safe. Please send "
                "the log to whoever looks after this application."
            )
        )


def _badge(number: int) -> str:
    return str(number) if number else ""


def prepare(app: QApplication) -> list[QObject]:
    """The look and the language of the application; the caller keeps what is returned."""
    theme.apply(app, dark=theme.system_is_dark())
    return list(language.speak(app, _TEXTS, QLocale.system()))
