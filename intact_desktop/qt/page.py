"""What all pages of an audit share: the audit shown, and reading again when others wrote."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_desktop.qt.workbench import Workbench

T = TypeVar("T")


class Page(QWidget):
    """Reads in `reload`, then emits `ready`. While hidden it only remembers that it is stale."""

    ready = Signal()

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self.bench = bench
        self.is_ready = False
        self._stale = True
        bench.changed.connect(self._changed)
        bench.synced.connect(self._outdated)

    def reload(self) -> None:
        """Read again what is shown; ends with `loaded`."""
        raise NotImplementedError

    def read(self, query: Callable[[Session], T], show: Callable[[T], None]) -> None:
        """Ask, and show the answer unless something was written meanwhile: then ask again.

        The lane answers in order, so an answer asked for before a write would take back what the
        user has just typed.
        """
        written = self.bench.written

        def arrived(answer: T) -> None:
            self.flush()
            if self.bench.written == written:
                show(answer)
            else:
                self.reload()

        self.bench.ask(query, arrived, owner=self)

    def flush(self) -> None:
        """Hand over what is being typed."""

    def loaded(self) -> None:
        """The page shows what was read."""
        self.is_ready = True
        self.ready.emit()

    def outdate(self) -> None:
        """What is shown may be old: read again now, or when the page comes into sight."""
        self._outdated()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._read()

    def _changed(self, origin: QObject | None) -> None:
        if origin is not self:
            self._outdated()

    def _outdated(self) -> None:
        self._stale = True
        if self.isVisible():
            self._read()

    def _read(self) -> None:
        self._stale = False
        self.reload()


class AuditPage(Page):
    """A page of one audit."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.audit_id: UUID | None = None

    def open_audit(self, audit_id: UUID) -> None:
        """Show another audit."""
        if audit_id == self.audit_id:
            self.outdate()
            return
        self.leave()
        self.audit_id = audit_id
        self.is_ready = False
        self.outdate()

    def leave(self) -> None:
        """Before another audit is shown: what is typed still belongs to this one."""
        self.flush()

    def go_to(self, place: Place) -> None:
        """Show a record of this page, and its field where one is named."""

    def _outdated(self) -> None:
        if self.audit_id is not None:
            super()._outdated()

    def showEvent(self, event: QShowEvent) -> None:
        if self.audit_id is not None:
            super().showEvent(event)
        else:
            QWidget.showEvent(self, event)
