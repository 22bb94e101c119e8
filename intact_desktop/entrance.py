"""First stage: the window and its door, in sight while all that lies behind is still loaded."""

import gc
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QLocale, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from intact_core.errors import IntactError
from intact_desktop.features.sign_in.page import EnrolPage, UnlockPage
from intact_desktop.features.sign_in.ways import EnrolForm, Inside, Say, Ways
from intact_desktop.qt import language, theme
from intact_desktop.qt.tasks import start_lanes
from intact_desktop.settings import Profile
from intact_desktop.shell.main_window import MainWindow
from intact_desktop.vault import outline

_LOG = logging.getLogger("intact")
_TEXTS = Path(__file__).parent.parent / "resources" / "translations"


@dataclass(frozen=True)
class Behind:
    """What lies behind the door. `take_over` is for the GUI thread; keep what it returns."""

    ways: Ways
    take_over: Callable[[], QObject]


Load = Callable[["Entrance"], Behind]


class Entrance(QObject):
    """Shows the door of one profile: before anything else is loaded, and whenever it is locked.

    `entered` carries the open profile; `closing` comes when all work is to end.
    """

    entered = Signal(object)
    closing = Signal()

    def __init__(self, profile: Profile, server: str = "", ways: Ways | None = None) -> None:
        super().__init__()
        self.profile, self._server = profile, server
        self._ways = _Waiting(profile, ways)
        self._behind: QObject | None = None
        self.lanes = start_lanes(self._show_error, self._report)
        self.door: EnrolPage | UnlockPage | None = None
        self.window = MainWindow()
        self.window.closing.connect(self.close)
        self.show_door()

    def load(self, load: Load) -> None:
        """Load what lies behind. Whoever presses the button before it is there waits for it."""

        def work() -> Behind:
            behind = _loaded(partial(load, self))
            self._ways.ways = behind.ways
            return behind

        # The same lane that opens the profile: one comes after the other.
        self.lanes.network.run(work, self._take_over, partial(self._not_loaded, load))

    def show_door(self, why: IntactError | None = None) -> None:
        """Cover the window with the page that lets in, saying why when it is not by choice."""
        if outline.exists(self.profile):
            self.door = UnlockPage(self._ways, self.lanes)
        else:
            self.door = EnrolPage(self._ways, self.lanes, self._server)
        self.door.entered.connect(self.entered)
        self.window.cover(self.door)
        if why is not None:
            self.door.doorway.refuse(why)

    def leave_door(self) -> None:
        """Uncover the window."""
        self.window.uncover()
        self.door = None

    def close(self) -> None:
        """End all work in an order that loses none."""
        self.closing.emit()
        if not self.lanes.close():
            _LOG.warning("a lane did not end in time")

    def _take_over(self, behind: Behind) -> None:
        # What was loaded stays for good: the collector need not look at it again.
        gc.freeze()
        self._behind = behind.take_over()

    def _not_loaded(self, load: Load, error: IntactError) -> None:
        if self.door is not None:
            self.door.doorway.refuse(error, lambda: self.load(load))

    def _show_error(self, error: IntactError) -> None:
        if self.door is not None:
            self.door.doorway.refuse(error)
        else:
            self.window.banner.say(error.sentence)

    def _report(self, fault: BaseException) -> None:
        _LOG.error("unexpected", exc_info=fault)
        if self.door is None:
            self.window.banner.say(
                self.tr(
                    "Something went wrong that should not. What was saved before is safe. Please "
                    "send the log to whoever looks after this application."
                )
            )


class _Waiting:
    """Stands in the door until the ways in are loaded."""

    def __init__(self, profile: Profile, ways: Ways | None) -> None:
        self.profile = profile
        self.ways = ways

    def enrol(self, form: EnrolForm, say: Say) -> Inside:
        return self._there().enrol(form, say)

    def unlock(self, passphrase: str, recovery_code: str | None, say: Say) -> Inside:
        return self._there().unlock(passphrase, recovery_code, say)

    def _there(self) -> Ways:
        if self.ways is None:
            raise _incomplete("not loaded")
        return self.ways


def _loaded(load: Callable[[], Behind]) -> Behind:
    try:
        return load()
    except ImportError as fault:
        raise _incomplete(str(fault)) from fault


def _incomplete(details: str) -> IntactError:
    return IntactError(
        "A part of this application could not be loaded, so nothing can be opened. Your work is "
        "safe on this laptop. Install the application again, then start it anew.",
        title="The application is not complete",
        details=details,
    )


class _FirstPaint(QObject):
    """Calls once, right after a widget was painted for the first time."""

    def __init__(self, widget: QWidget, then: Callable[[], None]) -> None:
        super().__init__(widget)
        self._then = then
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._then)
        return False


def run(profile: Profile, server: str, load: Load) -> int:
    """Show the window until it is closed; what lies behind the door is loaded once it is seen."""
    app = QApplication(sys.argv[:1])
    kept = prepare(app)
    entrance = Entrance(profile, server)
    if entrance.door is not None:
        _FirstPaint(entrance.door, lambda: entrance.load(load))
    entrance.window.show()
    code = app.exec()
    entrance.close()
    del kept
    return code


def prepare(app: QApplication) -> list[QObject]:
    """The look and the language of the application; the caller keeps what is returned."""
    theme.apply(app, dark=theme.system_is_dark())
    return list(language.speak(app, _TEXTS, QLocale.system()))
