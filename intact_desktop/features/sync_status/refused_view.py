"""Actions that the server did not accept: why, what was in them, and what can be done."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.conflicts import shown
from intact_desktop.features.conflicts.queries import Field, Refused, RefusedChange
from intact_desktop.qt import words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID

_WIDTHS = (380, 900)


class RefusedView(QWidget):
    """`put_back_wanted` carries the Refused action to make again."""

    put_back_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Refused] = []
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Not accepted by the server"))
        self.list.setWordWrap(True)
        self.list.currentRowChanged.connect(self._turn_to)
        self.sentence = label("", "heading", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("What was in it"))
        self.copy_button = button((self.tr("Copy the text"), self._copy))
        self.put_back_button = button((self.tr("Put it back as a new change"), self._put), "main")
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.addWidget(self.sentence)
        column.addWidget(self.text, 1)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.copy_button)
        row.addWidget(self.put_back_button)
        column.addLayout(row)
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(right)
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)

    def show_rows(self, rows: list[Refused]) -> None:
        kept = max(0, self.list.currentRow())
        self._rows = rows
        self.list.clear()
        self.list.addItems([self._title(one) for one in rows])
        self.list.setCurrentRow(min(kept, len(rows) - 1))

    @property
    def current(self) -> Refused | None:
        at = self.list.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _title(self, one: Refused) -> str:
        first = one.changes[0]
        more = len(one.changes) - 1
        what = shown.record_words(first.type, first.subject)
        tail = self.tr(" and {n} more").format(n=more) if more else ""
        return f"{what}{tail} · {words.moment(one.at)}"

    def _turn_to(self, at: int) -> None:
        del at
        one = self.current
        self.copy_button.setEnabled(one is not None)
        self.put_back_button.setEnabled(one is not None and one.can_put_back)
        if one is None:
            return
        why = one.sentence or self.tr("The server gave no reason.")
        said = self.tr("{why} It is kept on this laptop.").format(why=why)
        if not one.can_put_back:
            said += " " + self.tr("Sync once more, then it can be put back.")
        self.sentence.setText(said)
        self.text.setPlainText("\n\n".join(self._content(change) for change in one.changes))

    def _content(self, change: RefusedChange) -> str:
        does = {
            "create": self.tr("New"),
            "update": self.tr("Changed"),
            "delete": self.tr("Removed"),
        }
        head = f"{does.get(change.kind, '')}: {shown.record_words(change.type, change.subject)}"
        lines = [
            f"{shown.field_words(name)}: {shown.value_words(Field(name, 'line'), value)}"
            for name, value in change.values.items()
            if not name.endswith("_id")
        ]
        return "\n".join([head, *lines])

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _put(self) -> None:
        if self.current is not None:
            self.put_back_wanted.emit(self.current)
