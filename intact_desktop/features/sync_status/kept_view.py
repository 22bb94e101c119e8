"""Copies of the database that were set aside: which there are, and what is other here now."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.qt import words
from intact_desktop.qt.notices import EmptyState, button, label
from intact_desktop.qt.record_words import field_words, record_words, value_words
from intact_desktop.qt.theme import GRID
from intact_desktop.store.kept_copies import KeptCopy, Other

_WIDTHS = (340, 940)


class KeptView(QStackedWidget):
    """`wanted` carries the copy whose content is to be shown with `show_others`."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._copies: list[KeptCopy] = []
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Kept copies"))
        self.list.setWordWrap(True)
        self.list.currentRowChanged.connect(self._turn_to)
        self.sentence = label("", "heading", wrap=True)
        self.meaning = label("", "muted", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("What the copy has that is other here now"))
        self.copy_button = button((self.tr("&Copy the text"), self._copy))
        self.open_button = button((self.tr("&Open and compare"), self._open), "main")
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self._right())
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        self.addWidget(split)
        sentence = self.tr(
            "Before an update, and before anything is taken away from this laptop, a copy of "
            "everything is kept. There was no need so far."
        )
        self.addWidget(EmptyState(self.tr("No copies"), sentence, None, "check-circle"))

    @property
    def current(self) -> KeptCopy | None:
        at = self.list.currentRow()
        return self._copies[at] if 0 <= at < len(self._copies) else None

    def show_copies(self, copies: list[KeptCopy]) -> None:
        if copies != self._copies or not self.list.count():
            self._copies = copies
            self.list.clear()
            self.list.addItems([f"{words.moment(one.at)}\n{_why(self, one)}" for one in copies])
            self.list.setCurrentRow(0)
        self.setCurrentIndex(0 if copies else 1)

    def show_others(
        self, copy: KeptCopy, others: Sequence[Other], audits: Mapping[str, str]
    ) -> None:
        """What of that copy is other here now; `audits` names the scopes."""
        if copy != self.current:
            return
        self.meaning.setText(
            self.tr("What this copy holds and what is here now. The copy itself stays as it is.")
            if others
            else self.tr("Everything in this copy is here too.")
        )
        parts = []
        for scope, records in groupby(others, key=lambda one: one.scope):
            parts.append(audits.get(scope) or self.tr("Not on this laptop any more"))
            parts += [self._content(one) for one in records]
        self.text.setPlainText("\n\n".join(parts))
        self.copy_button.setEnabled(bool(others))
        self.open_button.setEnabled(True)

    def show_fault(self, sentence: str) -> None:
        """The copy could not be read."""
        self.meaning.setText(sentence)
        self.open_button.setEnabled(True)

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.sentence)
        column.addWidget(self.meaning)
        column.addWidget(self.text, 1)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.copy_button)
        row.addWidget(self.open_button)
        column.addLayout(row)
        return right

    def _turn_to(self, at: int) -> None:
        del at
        one = self.current
        self.text.clear()
        self.copy_button.setEnabled(False)
        self.open_button.setEnabled(one is not None)
        if one is not None:
            self.sentence.setText(f"{words.moment(one.at)} · {words.size(one.size)}")
            self.meaning.setText(_why(self, one))

    def _content(self, one: Other) -> str:
        head = record_words(one.type, one.subject)
        if one.is_gone:
            head = self.tr("{what}, not here any more").format(what=head)
        lines = [head]
        for name, (then, now) in one.values.items():
            if one.is_gone and name.endswith("_id"):
                continue
            lines.append(f"    {field_words(name)}: {value_words('line', then)}")
            if not one.is_gone:
                here = value_words("line", now) or self.tr("nothing")
                lines.append(f"        {self.tr('here now')}: {here}")
        return "\n".join(lines)

    def _open(self) -> None:
        if self.current is not None:
            self.open_button.setEnabled(False)
            self.meaning.setText(self.tr("Comparing…"))
            self.wanted.emit(self.current)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())


def _why(widget: QWidget, one: KeptCopy) -> str:
    if one.why == "before-sync":
        return widget.tr("Before something was taken away here by the sync or a hand-over file")
    return widget.tr("Before an update of the application")
