"""What stands beside the report before it is signed: what is missing, who signs, two buttons."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from intact_desktop.features.report.queries import ReportState
from intact_desktop.features.report.signers import SignersForm
from intact_desktop.qt import icons, theme, words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID


class UnsignedView(QWidget):
    """`place_wanted` carries the Place where something missing is mended."""

    place_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.missing_words = label("", "heading", wrap=True)
        self.missing_list = QListWidget()
        self.missing_list.setAccessibleName(self.tr("What is missing"))
        self.missing_list.setWordWrap(True)
        self.missing_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.missing_list.itemActivated.connect(self._jump)
        self.missing_list.itemClicked.connect(self._jump)
        self.notes = label("", "muted", wrap=True)
        self.signers = SignersForm()
        self.build_button = button((self.tr("Build the report"), lambda: None), "main")
        self.sign_button = button((self.tr("Sign…"), lambda: None))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.missing_words)
        column.addWidget(self.missing_list, 1)
        column.addWidget(self.notes)
        column.addWidget(self.signers)
        row = QHBoxLayout()
        row.addWidget(self.build_button, 1)
        row.addWidget(self.sign_button, 1)
        column.addLayout(row)
        column.addStretch()

    def show_state(self, state: ReportState) -> None:
        self.signers.show_people(state)
        count = sum(one.blocks for one in state.missing)
        self.missing_words.setText(
            self.tr("Missing before it can be signed: {n}").format(n=count)
            if count
            else self.tr("Nothing is missing: it can be signed.")
        )
        self.missing_list.clear()
        for one in state.missing:
            mark = icons.icon("circle" if one.blocks else "circle-dashed", theme.colours().muted)
            item = QListWidgetItem(mark, one.words, self.missing_list)
            item.setData(Qt.ItemDataRole.UserRole, one.place)
            item.setToolTip(
                self.tr("Go there") if one.blocks else self.tr("Not needed for signing. Go there")
            )
        self.missing_list.setVisible(bool(state.missing))
        notes = self._notes(state)
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    def show_next(self, *, can_sign: bool) -> None:
        """The main action is to sign once there is something to sign."""
        self.sign_button.setEnabled(can_sign)
        for one, is_main in ((self.build_button, not can_sign), (self.sign_button, can_sign)):
            one.setProperty("look", "main" if is_main else "")
            one.style().unpolish(one)
            one.style().polish(one)

    def _notes(self, state: ReportState) -> list[str]:
        notes = []
        if state.amending is not None:
            before = state.amending.shown
            said = self.tr("This version amends version {n}, which stays as it was signed: {why}")
            notes.append(said.format(n=before.version, why=before.reason))
        if state.files_not_here:
            what = words.count(state.files_not_here, self.tr("file"), self.tr("files"))
            sentence = self.tr("Not on this laptop yet, so shown without a picture: {}.")
            notes.append(sentence.format(what))
        if not state.is_lead:
            notes.append(self.tr("Only the lead auditor signs; you can build it and look at it."))
        return notes

    def _jump(self, item: QListWidgetItem) -> None:
        self.place_wanted.emit(item.data(Qt.ItemDataRole.UserRole))
