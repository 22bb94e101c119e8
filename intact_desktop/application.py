"""The only composition root of the desktop."""

import logging
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import msgspec
from PySide6.QtCore import QLocale, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget
from sqlalchemy.orm import Session

from intact_core.errors import IntactError, Place
from intact_core.sync.protocol import HelloAnswer
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.features.audits.page import AuditsPage
from intact_desktop.features.audits.queries import AuditRow
from intact_desktop.features.conflicts.page import ConflictsPage
from intact_desktop.features.follow_up.page import FollowUpPage
from intact_desktop.features.sign_in.actions import Door, Entered, speak_as
from intact_desktop.features.sign_in.page import EnrolPage, UnlockPage
from intact_desktop.features.sync_status.page import SyncPage
from intact_desktop.qt import theme
from intact_desktop.qt.camera import Camera
from intact_desktop.qt.language import speak
from intact_desktop.qt.multimedia_camera import load_camera
from intact_desktop.qt.tasks import start_lanes
from intact_desktop.qt.workbench import Opened, Workbench
from intact_desktop.settings import Profile
from intact_desktop.shell.idle import IdleWatch
from intact_desktop.shell.keys import key_hints
from intact_desktop.shell.main_window import MainWindow
from intact_desktop.shell.navigation import NavChild, NavEntry
from intact_desktop.shell.rooms import Rooms
from intact_desktop.shell.status_bar import SyncState
from intact_desktop.shell.sync_driver import SyncDriver
from intact_desktop.store.journal import this_device
from intact_desktop.sync import outgoing
from intact_desktop.sync.engine import SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import device_key, vault
from intact_desktop.vault.keyring_secret import system_secrets
from intact_desktop.vault.lease import LeaseBook, SignedLease

_LOG = logging.getLogger("intact")
_STATUS_SECONDS = 20
_IDLE_SECONDS = 300.0


class _Unlocked:
    """What exists only while the profile is open."""

    def __init__(self, bench: Workbench, rooms: Rooms, driver: SyncDriver) -> None:
        self.bench = bench
        self.rooms = rooms
        self.driver = driver


class Application(QObject):
    """One profile in one window. `entered` follows each unlocking, `locked` each lock."""

    entered = Signal()
    locked = Signal()

    def __init__(
        self, app: QApplication, door: Door, camera: Callable[[], Camera | None], server: str = ""
    ) -> None:
        super().__init__()
        self.door = door
        self.open: _Unlocked | None = None
        self._camera = camera
        self._server = server
        self.lanes = start_lanes(self._show_error, self._report)
        self.window = MainWindow(self._places(), key_hints(self.tr))
        self.window.status.clicked.connect(lambda: self.window.open("sync"))
        self.window.closing.connect(self.close)
        self._status = QTimer(self, interval=_STATUS_SECONDS * 1000)
        self._status.timeout.connect(self.refresh_status)
        self._idle = IdleWatch(app, _IDLE_SECONDS)
        self._idle.idle.connect(self.lock)
        self._sleep_aware(app)

    def start(self) -> None:
        """Show the window, at the door of the profile."""
        self._cover()
        self.window.show()

    def lock(self) -> None:
        """Clear the screen, close the store, drop the keys."""
        if self.open is None:
            return
        self.window.cover(QWidget())
        self._leave()
        self._cover()
        self.locked.emit()

    def close(self) -> None:
        """End in an orderly way."""
        self._leave()
        self.lanes.close()

    def refresh_status(self) -> None:
        """Read what is waiting and say it in the bottom line."""
        if self.open is not None:
            self.open.bench.ask(_waiting, self._show_status, owner=self)

    def open_audit(self, audit_id: UUID) -> None:
        """Open the workspace of an audit."""
        if self.open is None:
            return
        page = self.window.page("audits")
        row = page.row_of(audit_id) if isinstance(page, AuditsPage) else None
        title = f"{row.client} · {row.standard} · {row.number}" if row else ""
        self.open.rooms.workspace.show_audit(audit_id, title)
        self.window.open("audit")

    def _places(self) -> list[NavEntry]:
        tr = self.tr
        return [
            NavEntry("audits", tr("My audits"), "clipboard-text", self._audits),
            NavEntry("audit", tr("Audit"), "folder-open", lambda: self._opened().rooms.workspace),
            NavEntry("follow_up", tr("Follow-up"), "arrow-bend-up-left", self._follow_up),
            NavEntry("conflicts", tr("Conflicts"), "git-merge", self._conflicts),
            NavEntry("sync", tr("Sync"), "arrows-clockwise", self._sync_page),
        ]

    def _opened(self) -> _Unlocked:
        if self.open is None:
            raise RuntimeError("no profile is open")
        return self.open

    def _audits(self) -> QWidget:
        page = AuditsPage(self._opened().bench)
        page.opened.connect(self.open_audit)
        page.listed.connect(self._list_audits)
        return page

    def _follow_up(self) -> QWidget:
        return FollowUpPage(self._opened().bench)

    def _conflicts(self) -> QWidget:
        return ConflictsPage(self._opened().bench)

    def _sync_page(self) -> QWidget:
        opened = self._opened()
        page = SyncPage(opened.bench)
        driver = opened.driver
        page.sync_wanted.connect(driver.sync)
        driver.done.connect(lambda _: page.show_reach(None, driver.since))
        driver.failed.connect(lambda error: page.show_reach(error, driver.since))
        page.show_reach(driver.last_error, driver.since)
        return page

    def _list_audits(self, rows: list[AuditRow]) -> None:
        def opener(audit_id: UUID) -> Callable[[], None]:
            return lambda: self.open_audit(audit_id)

        self.window.set_children(
            "audits",
            [
                NavChild(row.client, "✓" if row.is_ready else "↓", row.number, opener(row.id))
                for row in rows
            ],
        )
        conflicts = sum(row.conflicts for row in rows)
        self.window.set_badge("conflicts", str(conflicts) if conflicts else "")

    def _cover(self) -> None:
        if vault.exists(self.door.profile):
            page: EnrolPage | UnlockPage = UnlockPage(self.door, self.lanes)
        else:
            page = EnrolPage(self.door, self.lanes, self._server)
        page.entered.connect(self._enter)
        self.window.cover(page)

    def _enter(self, entered: Entered) -> None:
        opened = Opened(
            profile=self.door.profile,
            account=entered.account,
            engine=entered.engine,
            unlocked=entered.unlocked,
            device_id=entered.device_id,
            tenant_id=entered.tenant_id,
            user_id=entered.user_id,
            lease_until=entered.lease_until,
            secrets=self.door.secrets,
        )
        bench = Workbench(opened, self.lanes)
        bench.files.sweep()
        driver = SyncDriver(self._engine(opened, bench.files), self.lanes.network)
        self.open = _Unlocked(bench, Rooms(bench, self._camera, self.tr), driver)
        self.open.rooms.workspace.list_wanted.connect(lambda: self.window.open("audits"))
        self._connect(bench, driver)
        self.window.uncover()
        self.window.open("audits")
        self._status.start()
        self.refresh_status()
        driver.sync()
        self.entered.emit()

    def _connect(self, bench: Workbench, driver: SyncDriver) -> None:
        bench.changed.connect(lambda _: self.refresh_status())
        bench.changed.connect(lambda _: driver.edited())
        bench.sync_wanted.connect(driver.sync)
        bench.said.connect(self.window.banner.say)
        bench.place_wanted.connect(self._go_to)
        driver.done.connect(lambda _: self._synced(bench))
        driver.failed.connect(lambda _: self.refresh_status())

    def _engine(self, opened: Opened, evidence: EvidenceFiles) -> SyncEngine:
        key = opened.unlocked.device_key
        gateway: Gateway = self.door.connect(opened.account.server)
        book = LeaseBook(opened.profile, opened.unlocked.database_key)

        def sign(content: bytes) -> bytes:
            return device_key.sign(key, content)

        def keep_lease(answer: HelloAnswer) -> None:
            book.renew(msgspec.convert(answer.lease, SignedLease), answer.server_time)

        speak_as(gateway, opened.account, opened.unlocked)
        transfer = FileTransfer(opened.engine, gateway, evidence)
        return SyncEngine(opened.engine, gateway, sign, transfer, keep_lease)

    def _synced(self, bench: Workbench) -> None:
        bench.synced.emit()
        self.refresh_status()

    def _show_status(self, known: tuple[outgoing.Waiting, str | None]) -> None:
        if self.open is None:
            return
        driver, (waiting, proof) = self.open.driver, known
        self.window.status.show_state(
            SyncState(
                online=driver.online,
                since=driver.since,
                pending_ops=waiting.operations,
                pending_photos=waiting.files,
                pending_bytes=waiting.file_bytes,
                oldest=waiting.oldest,
                proof_at=datetime.fromisoformat(proof) if proof else None,
                message=driver.last_error.title if driver.last_error else "",
            )
        )

    def _go_to(self, place: Place) -> None:
        if self.open is None:
            return
        if place.type == "conflicts":
            self.window.open("conflicts")
        elif self.open.rooms.workspace.go_to(place):
            self.window.open("audit")

    def _leave(self) -> None:
        self._status.stop()
        if self.open is None:
            return
        opened, self.open = self.open, None
        opened.rooms.workspace.leave()
        opened.driver.close()
        done = self.lanes.database.run(opened.bench.opened.engine.dispose)
        done.setParent(None)

    def _sleep_aware(self, app: QApplication) -> None:
        app.applicationStateChanged.connect(lambda _: self.refresh_status())

    def _show_error(self, error: IntactError) -> None:
        self.window.banner.say(f"{error.title}. {error.sentence}")

    def _report(self, fault: BaseException) -> None:
        _LOG.error("unexpected", exc_info=fault)
        self.window.banner.say(
            self.tr("Something went wrong that should not. What you wrote before is safe.")
        )


def _waiting(session: Session) -> tuple[outgoing.Waiting, str | None]:
    connection = session.connection()
    proof = this_device(connection).proof
    return outgoing.waiting(connection), str(proof["at"]) if proof else None


def run(root: Path | None, profile: str, server: str) -> int:
    """Open the window over a profile and stay until it is closed."""
    app = QApplication([])
    app.setApplicationName("Intact")
    theme.apply(app, dark=theme.system_is_dark())
    folder = Path(str(files("resources") / "translations"))
    spoken = speak(app, folder, QLocale())
    door = Door(Profile.at(root, profile), system_secrets(), Gateway)
    application = Application(app, door, load_camera, server)
    application.start()
    result = app.exec()
    del spoken
    return result
