"""Where evidence comes in: drop, paste, file dialog, camera; with progress and what is special."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from intact_desktop.features.evidence.actions import Where
from intact_desktop.features.evidence.importing import Importer, Outcome
from intact_desktop.qt.camera import Camera, CameraDialog
from intact_desktop.qt.drop_area import DropArea, Source
from intact_desktop.qt.notices import Banner, button
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

GetCamera = Callable[[], Camera | None]


class Intake(QWidget):
    """`imported` carries the Outcome of each import. `where` says what new files belong to."""

    imported = Signal(object)

    def __init__(
        self,
        bench: Workbench,
        where: Callable[[], Where | None],
        camera: GetCamera,
        *,
        narrow: bool = False,
    ) -> None:
        super().__init__()
        self._bench, self._where, self._get_camera = bench, where, camera
        self._waiting: list[Importer] = []
        self.drop_area = DropArea()
        self.drop_area.received.connect(self.take)
        self.camera_button = button((self.tr("Camera"), self.open_camera))
        self.progress = ProgressLine()
        self.notice = Banner()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        row = QVBoxLayout() if narrow else QHBoxLayout()
        row.addWidget(self.drop_area, 1)
        row.addWidget(self.camera_button)
        column.addLayout(row)
        column.addWidget(self.progress)
        column.addWidget(self.notice)

    @property
    def is_busy(self) -> bool:
        return bool(self._waiting)

    def take(self, sources: Sequence[Source]) -> None:
        """Import these; another import waits until the one under way is done."""
        where = self._where()
        if where is None or not sources:
            return
        importer = Importer(self._bench, where, sources)
        importer.finished.connect(self._finished)
        self._waiting.append(importer)
        if len(self._waiting) == 1:
            self._start()

    def choose(self) -> None:
        self.drop_area.choose()

    def paste(self) -> None:
        """Take what is in the clipboard, or say that there is nothing to take."""
        if not self.drop_area.paste():
            self._bench.tell(self.tr("The clipboard holds no picture and no file."))

    def open_camera(self) -> None:
        camera = self._get_camera()
        if camera is None:
            self._bench.tell(
                self.tr("This computer has no camera that can be used. Add photos as files.")
            )
            return
        dialog = CameraDialog(camera, self)
        dialog.taken.connect(lambda jpeg: self.take([jpeg]))
        dialog.open()

    def _start(self) -> None:
        importer = self._waiting[0]
        self.progress.follow(importer.task, self.tr("Taking files"))
        importer.start()

    def _finished(self, outcome: Outcome) -> None:
        self.progress.finish()
        self._waiting.pop(0)
        self._say(outcome)
        self.imported.emit(outcome)
        if self._waiting:
            self._start()

    def _say(self, outcome: Outcome) -> None:
        special = [*outcome.refused, *outcome.warnings]
        if outcome.cancelled:
            special.insert(0, self.tr("Stopped; what was taken stays."))
        if not special:
            self.notice.hide()
            return
        shown = special[:3]
        if len(special) > len(shown):
            shown.append(self.tr("And {n} more.").format(n=len(special) - len(shown)))
        self.notice.say("\n".join(shown))
