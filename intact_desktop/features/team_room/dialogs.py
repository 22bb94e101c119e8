"""Handing an audit over as a file, and taking one over: passphrase, preview, progress."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from intact_core import clock
from intact_core.errors import BadInput, IntactError
from intact_core.interchange.handover import SUFFIX, Cost, Manifest
from intact_desktop.features.team_room.queries import AuditChoice
from intact_desktop.qt import words
from intact_desktop.qt.notices import Banner, button, label
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.tasks import Task
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.sync.assembly import holder_of, own_of
from intact_desktop.sync.files import Progress
from intact_desktop.sync.handing_over import Holder, Preview, preview, take_over, write_file
from intact_desktop.vault import keys

_WIDTH = 72 * GRID


class _FileDialog(QDialog):
    """`done_with` carries what to tell once the dialog has done its work."""

    done_with = Signal(str)

    def __init__(self, bench: Workbench, parent: QWidget) -> None:
        super().__init__(parent)
        self._bench = bench
        self.task: Task | None = None
        self.setMinimumWidth(_WIDTH)
        self.path = QLineEdit()
        self.path.setAccessibleName(self.tr("File"))
        self.browse = button((self.tr("&Browse…"), self._browse))
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.notice, self.progress = Banner(), ProgressLine()
        self.form = QFormLayout()
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        self.form.addRow(self.tr("File"), row)
        self.form.addRow(self.tr("&Passphrase"), self.passphrase)

    def holder(self) -> Holder:
        """This laptop, as far as handing over goes."""
        opened = self._bench.opened
        own = own_of(opened.profile, opened.unlocked, opened.tenant_id)
        return holder_of(opened.profile, opened.unlocked, opened.engine, own)

    def reject(self) -> None:
        if self.task is not None:
            self.task.cancel()
        super().reject()

    def fail(self, error: IntactError) -> None:
        """Say why not, in place; what was typed stays."""
        self.rest(busy=False)
        self.notice.say(error.sentence)

    def rest(self, *, busy: bool) -> None:
        """While it works, only Cancel can be pressed."""
        for one in (self.path, self.browse, self.passphrase):
            one.setEnabled(not busy)
        if not busy:
            self.progress.finish()

    def lay_out(self, sentence: str, extra: QWidget | None, main: QPushButton) -> None:
        """Sentence, form, what else there is, buttons."""
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(sentence, wrap=True))
        column.addLayout(self.form)
        if extra is not None:
            column.addWidget(extra)
        column.addWidget(self.notice)
        column.addWidget(self.progress)
        column.addStretch()
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button((self.tr("&Cancel"), self.reject)))
        row.addWidget(main)
        column.addLayout(row)

    def _browse(self) -> None:
        raise NotImplementedError


class GiveDialog(_FileDialog):
    """Writes the unsent work of an audit into a sealed file."""

    def __init__(self, bench: Workbench, audit: AuditChoice, parent: QWidget) -> None:
        super().__init__(bench, parent)
        self._audit = audit
        self.cost = _fitting()
        self.setWindowTitle(self.tr("Hand over"))
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        name = f"audit-{clock.now():%Y%m%d-%H%M}{SUFFIX}"
        self.path.setText(str(Path(folder) / name))
        self.again = QLineEdit()
        self.again.setEchoMode(QLineEdit.EchoMode.Password)
        self.form.addRow(self.tr("Passphrase a&gain"), self.again)
        self.write_button = button((self.tr("&Write the file"), self.write), "main")
        sentence = self.tr(
            "Your colleague gets everything of {audit} that is not on the server yet, with photos. "
            "Tell the passphrase by word of mouth, not with the file."
        ).format(audit=audit.title)
        self.lay_out(sentence, None, self.write_button)
        self.passphrase.setFocus()

    def write(self) -> None:
        """Write the file; the dialog stays open until it is there."""
        words_, target = self.passphrase.text(), Path(self.path.text())
        try:
            keys.check_strength(words_)
            if words_ != self.again.text():
                raise BadInput(self.tr("The two passphrases are not the same. Type them again."))
        except BadInput as error:
            self.notice.say(error.sentence)
            return
        cost, audit_id = self.cost, self._audit.id

        def work(task: Task) -> Manifest:
            return write_file(self.holder(), audit_id, words_, target, cost, _steps(task))

        self.rest(busy=True)
        self.task = self._bench.lanes.cpu.run_watched(work, self._written, self.fail, self)
        self.progress.follow(self.task, self.tr("Writing the file"))

    def rest(self, *, busy: bool) -> None:
        super().rest(busy=busy)
        self.again.setEnabled(not busy)
        self.write_button.setEnabled(not busy)

    def _written(self, manifest: Manifest) -> None:
        self.rest(busy=False)
        said = self.tr("Handed over: {operations} and {files} are in {path}")
        number = sum(one.operations for one in manifest.shares)
        self.done_with.emit(
            said.format(
                operations=words.count(number, self.tr("change"), self.tr("changes")),
                files=words.count(len(manifest.files), self.tr("file"), self.tr("files")),
                path=self.path.text(),
            )
        )
        self.accept()

    def _browse(self) -> None:
        kinds = self.tr("Hand-over files (*{suffix})").format(suffix=SUFFIX)
        chosen, _ = QFileDialog.getSaveFileName(self, self.windowTitle(), self.path.text(), kinds)
        if chosen:
            self.path.setText(chosen if chosen.endswith(SUFFIX) else chosen + SUFFIX)


class TakeDialog(_FileDialog):
    """Looks into a file first, then takes its work over."""

    def __init__(self, bench: Workbench, parent: QWidget, source: Path | None = None) -> None:
        super().__init__(bench, parent)
        self._seen: Preview | None = None
        self.setWindowTitle(self.tr("Take over"))
        self.path.setText(str(source) if source else "")
        self.inside = label("", wrap=True)
        self.main = button((self.tr("&Look inside"), self.go_on), "main")
        self.path.textChanged.connect(self._forget)
        self.passphrase.textChanged.connect(self._forget)
        sentence = self.tr(
            "A colleague's work comes in from a file. You see first what is in it; a copy of your "
            "own database is kept before anything changes."
        )
        self.lay_out(sentence, self.inside, self.main)

    def go_on(self) -> None:
        """Look inside; the second time, take over."""
        self.notice.hide()
        source, words_, seen = Path(self.path.text()), self.passphrase.text(), self._seen

        def work(task: Task) -> Preview:
            if seen is None:
                return preview(self.holder(), source, words_)
            return take_over(self.holder(), source, words_, _steps(task))

        self.rest(busy=True)
        done = self._show if seen is None else self._taken
        self.task = self._bench.lanes.cpu.run_watched(work, done, self.fail, self)
        self.progress.follow(self.task, self.tr("Opening the file"))

    def rest(self, *, busy: bool) -> None:
        super().rest(busy=busy)
        self.main.setEnabled(not busy)

    def _show(self, seen: Preview) -> None:
        self.rest(busy=False)
        self._seen = seen if seen.taken_at is None else None
        self.inside.setText(self._words(seen))
        self.inside.setMinimumHeight(self.inside.heightForWidth(self.width() - 4 * GRID))
        self.main.setText(self.tr("&Take over"))
        self.main.setEnabled(seen.taken_at is None)

    def _words(self, seen: Preview) -> str:
        one = seen.manifest
        made = self.tr("{title}, made by {name}, {time}.").format(
            title=one.title, name=one.made_by, time=words.moment(one.made_at)
        )
        shares = ", ".join(f"{share.name} {share.operations}" for share in one.shares)
        holds = self.tr("{operations} ({shares}), {new} new here; {files} ({size}).").format(
            operations=words.count(seen.operations, self.tr("change"), self.tr("changes")),
            shares=shares,
            new=seen.new,
            files=words.count(len(one.files), self.tr("file"), self.tr("files")),
            size=words.size(seen.file_bytes),
        )
        lines = [made, holds]
        if one.elsewhere:
            lines.append(
                self.tr(
                    "{n} of the changes are about other audits: a laptop's changes stay together. "
                    "They are only carried to the server."
                ).format(n=one.elsewhere)
            )
        if seen.taken_at is not None:
            lines.append(
                self.tr("This file was taken over already, {time}.").format(
                    time=words.moment(seen.taken_at)
                )
            )
        return "\n".join(lines)

    def _taken(self, seen: Preview) -> None:
        self.rest(busy=False)
        said = self.tr("Taken over from {name}: {operations}, {files}.")
        files = len(seen.manifest.files)
        self.done_with.emit(
            said.format(
                name=seen.manifest.made_by,
                operations=words.count(seen.new, self.tr("change"), self.tr("changes")),
                files=words.count(files, self.tr("file"), self.tr("files")),
            )
        )
        self.accept()

    def _forget(self) -> None:
        self._seen = None
        self.inside.setText("")
        self.main.setText(self.tr("&Look inside"))
        self.main.setEnabled(True)

    def _browse(self) -> None:
        kinds = self.tr("Hand-over files (*{suffix})").format(suffix=SUFFIX)
        chosen, _ = QFileDialog.getOpenFileName(self, self.windowTitle(), self.path.text(), kinds)
        if chosen:
            self.path.setText(chosen)


def _steps(task: Task) -> Progress:
    def step(said: str, done: int, whole: int) -> None:
        task.step(done, whole, said)

    return step


def _fitting() -> Cost:
    kdf = keys.fitting(keys.STANDARD)
    return Cost(kdf.passes, kdf.memory_kib, kdf.lanes)
