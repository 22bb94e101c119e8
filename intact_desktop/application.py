"""The only composition root of the desktop."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from intact_core.errors import IntactError, Place, Revoked
from intact_desktop.entrance import Behind, Entrance
from intact_desktop.features.audits.queries import AuditRow
from intact_desktop.features.sign_in.actions import Connect, Door, Entered, speak_as
from intact_desktop.features.sign_in.page import EnrolPage, UnlockPage
from intact_desktop.qt.camera import Camera
from intact_desktop.qt.key_sheet import KeyHint
from intact_desktop.qt.multimedia_camera import load_camera
from intact_desktop.qt.workbench import Opened, Workbench
from intact_desktop.settings import Profile
from intact_desktop.shell.desk import Desk
from intact_desktop.shell.idle import IdleWatch
from intact_desktop.shell.navigation import NavChild, NavEntry
from intact_desktop.shell.workspace import audit_of
from intact_desktop.store.logbook import drop_log, keep_log
from intact_desktop.sync.assembly import sync_of
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import keys, vault
from intact_desktop.vault.keyring_secret import SecretStore, system_secrets
from intact_desktop.vault.keys import Kdf

_LOG = logging.getLogger("intact")
IDLE_SECONDS = 300.0
_LONGEST_WAIT_SECONDS = 1.0
_PAINT_MILLISECONDS = 100
_ONCE = Qt.ConnectionType(
    Qt.ConnectionType.QueuedConnection.value | Qt.ConnectionType.SingleShotConnection.value
)


@dataclass(frozen=True)
class Surroundings:
    """What lies outside the application: keyring, server, camera; tests put others here."""

    secrets: SecretStore | None
    connect: Connect = Gateway
    camera: Callable[[], Camera | None] = load_camera
    kdf: Kdf = keys.STANDARD
    idle_seconds: float = IDLE_SECONDS


class Application(QObject):
    """One window over one profile. `opened` comes after unlocking, `locked` after locking."""

    opened = Signal()
    locked = Signal()

    def __init__(
        self,
        profile: Profile,
        around: Surroundings,
        server: str = "",
        entrance: Entrance | None = None,
    ) -> None:
        super().__init__()
        self._profile, self._around = profile, around
        self._entrance = entrance or Entrance(profile, server, door_of(profile, around))
        self.lanes = self._entrance.lanes
        self.desk: Desk | None = None
        self._gateway: Gateway | None = None
        self.window = self._entrance.window
        self.window.furnish(self._places(), self._hints())
        self.window.status.clicked.connect(lambda: self.window.open("sync"))
        self._entrance.closing.connect(self._drop)
        self._entrance.entered.connect(self._enter, Qt.ConnectionType.QueuedConnection)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self._idle = IdleWatch(app, around.idle_seconds)
            self._idle.idle.connect(self.lock)

    @property
    def door(self) -> EnrolPage | UnlockPage | None:
        """The page that lets in, while the profile is locked."""
        return self._entrance.door

    def lock(self) -> None:
        """Close the database, drop the keys, clear the screen."""
        if self.desk is None:
            return
        self._drop()
        self._entrance.show_door()
        self.locked.emit()

    def close(self) -> None:
        """End all work in an order that loses none."""
        self._entrance.close()

    def _leave_if_withdrawn(self, error: IntactError) -> None:
        """The office withdrew this laptop and has all of its work: keys and data are destroyed."""
        if not isinstance(error, Revoked):
            return
        self._drop()
        vault.destroy(self._profile, self._around.secrets)
        self._entrance.show_door(error)
        self.locked.emit()

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
        gateway = self._around.connect(entered.account.server)
        account = replace(entered.account, device_id=str(entered.device_id))
        speak_as(gateway, self._profile, account, entered.unlocked)
        self._gateway = gateway
        sync = sync_of(self._profile, account, entered.unlocked, entered.engine, gateway)
        self.desk = Desk(bench, sync, self._around.camera)
        self._connect(self.desk)
        self._entrance.leave_door()
        self._begin(self.desk)
        self.opened.emit()

    def _begin(self, desk: Desk) -> None:
        """My audits first. The lanes share one interpreter with it: what else is to do waits."""
        in_sight = threading.Event()
        self.lanes.network.run(lambda: in_sight.wait(_LONGEST_WAIT_SECONDS))
        desk.driver.sync_now()

        def go_on() -> None:
            in_sight.set()
            if self.desk is desk:
                desk.count()

        desk.audits.ready.connect(lambda: QTimer.singleShot(_PAINT_MILLISECONDS, go_on), _ONCE)
        self.window.open("audits")

    def _connect(self, desk: Desk) -> None:
        bench, driver, status = desk.bench, desk.driver, self.window.status
        bench.said.connect(self.window.banner.say)
        bench.place_wanted.connect(self._go_to)
        driver.state.connect(status.show_state)
        driver.started.connect(lambda task: status.progress.follow(task, self.tr("Syncing")))
        driver.over.connect(status.progress.finish)
        driver.failed.connect(self._leave_if_withdrawn)
        desk.room_wanted.connect(lambda: self.window.open("room"))
        desk.audits.opened.connect(self.open_audit)
        desk.audits.listed.connect(self._list_audits)
        desk.counted.connect(lambda place, n: self.window.set_badge(place, _badge(n)))

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
            NavEntry("room", self.tr("Team room"), "users", lambda: self._made.room),
            NavEntry("sync", self.tr("Sync"), "cloud-arrow-up", lambda: self._made.sync),
        ]

    @property
    def _made(self) -> Desk:
        if self.desk is None:
            raise RuntimeError("no page is made while the profile is locked")
        return self.desk

    def _hints(self) -> list[KeyHint]:
        here, audit = self.tr("In the checklist"), self.tr("In an audit")
        conflict = self.tr("In a conflict")
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
            KeyHint("Return", self.tr("to the reason"), conflict),
            KeyHint("Alt+M", self.tr("use mine"), conflict),
            KeyHint("Alt+T", self.tr("use theirs"), conflict),
            KeyHint("Alt+P", self.tr("put both together"), conflict),
            KeyHint("Alt+E", self.tr("write another value"), conflict),
        ]

    def _drop(self) -> None:
        desk, self.desk = self.desk, None
        if desk is None:
            return
        desk.driver.stop()
        # What a text hands over as it hides is written before the database closes.
        desk.hide()
        if not desk.bench.close():
            _LOG.warning("the database did not close in time")
        desk.discard()
        if self._gateway is not None:
            self._gateway.close()


def _badge(number: int) -> str:
    return str(number) if number else ""


def door_of(profile: Profile, around: Surroundings) -> Door:
    """The ways into a profile."""
    return Door(profile, around.secrets, around.connect, around.kdf)


def behind(entrance: Entrance) -> Behind:
    """What lies behind the door, over this computer's own keyring, which may take its time."""
    around = Surroundings(system_secrets())
    profile = entrance.profile

    def take_over() -> Application:
        log = keep_log(profile.logs)
        made = Application(profile, around, entrance=entrance)
        entrance.closing.connect(partial(drop_log, log))
        return made

    return Behind(door_of(profile, around), take_over)
