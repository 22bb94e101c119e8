"""Changes that the server did not accept: why, what was in them, and what can be done."""

from PySide6.QtCore import Qt, Signal
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
from intact_desktop.sync.refused import OLDER, Refused, RefusedChange

_WIDTHS = (340, 940)


class RefusedView(QStackedWidget):
    """`again_wanted` carries the Refused action to send again, `left` the one to leave."""

    again_wanted = Signal(object)
    left = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Refused] = []
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Not accepted by the server"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._turn_to)
        self.sentence = label("", "heading", wrap=True)
        self.what_to_do = label("", "muted", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("What was in it"))
        self.leave_button = button((self.tr("&Keep as it is, copy the text"), self._leave))
        self.again_button = button((self.tr("Send &again"), self._again), "main")
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self._right())
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        self.addWidget(split)
        sentence = self.tr("What the server cannot take stays here, with the reason.")
        title = self.tr("Everything was accepted")
        self.addWidget(EmptyState(title, sentence, None, "check-circle"))

    def show_rows(self, rows: list[Refused]) -> None:
        kept = max(0, self.list.currentRow())
        self._rows = rows
        self.list.clear()
        self.list.addItems([self._title(one) for one in rows])
        self.list.setCurrentRow(min(kept, len(rows) - 1))
        self.setCurrentIndex(0 if rows else 1)

    @property
    def current(self) -> Refused | None:
        at = self.list.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.sentence)
        column.addWidget(self.what_to_do)
        column.addWidget(self.text, 1)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.leave_button)
        row.addWidget(self.again_button)
        column.addLayout(row)
        return right

    def _title(self, one: Refused) -> str:
        what = record_words(one.changes[0].type, one.changes[0].subject)
        if len(one.changes) > 1:
            what = self.tr("{what} and {n} more").format(what=what, n=len(one.changes) - 1)
        left = f" · {self.tr('kept as it is')}" if one.is_left else ""
        return f"{what}\n{words.moment(one.at)}{left}"

    def _turn_to(self, at: int) -> None:
        del at
        one = self.current
        self.leave_button.setEnabled(one is not None)
        self.again_button.setEnabled(one is not None and one.can_send_again)
        if one is None:
            return
        self.sentence.setText(one.sentence or self._reason_words(one.reason))
        self.what_to_do.setText(self._what_to_do(one))
        self.text.setPlainText("\n\n".join(self._content(change) for change in one.changes))

    def _what_to_do(self, one: Refused) -> str:
        if one.reason == OLDER:
            return self.tr(
                "Nothing is lost and there is nothing to do: it is kept here and on the server, "
                "and leaves this list once the server is updated and has taken it up."
            )
        if one.can_send_again:
            return self.tr(
                "Nothing is lost: what was written stands below, on this laptop. Once the reason "
                "is gone, send it again; it goes as a new change."
            )
        return self.tr("It is kept on this laptop. Sync once more, then it can be sent again.")

    def _reason_words(self, reason: str) -> str:
        known = {
            "exists": self.tr("The server has another record in its place."),
            "fixed": self.tr("This cannot change once it is recorded."),
            "server_only": self.tr("Only the server writes this."),
            "unknown_field": self.tr("The server's version does not know this field yet."),
            "unknown_record": self.tr("The server does not have the record that this changes."),
            "storage": self.tr("The server could not store this."),
        }
        return known.get(reason) or self.tr("The server gave no reason.")

    def _content(self, change: RefusedChange) -> str:
        does = {
            "create": self.tr("New"),
            "update": self.tr("Changed"),
            "delete": self.tr("Removed"),
        }
        head = f"{does.get(change.kind, '')}: {record_words(change.type, change.subject)}"
        lines = [
            f"{field_words(name)}: {value_words('line', value)}"
            for name, value in change.values.items()
            if not name.endswith("_id")
        ]
        return "\n".join([head, *lines])

    def _leave(self) -> None:
        if self.current is not None:
            QGuiApplication.clipboard().setText(self.text.toPlainText())
            self.left.emit(self.current)

    def _again(self) -> None:
        if self.current is not None:
            self.again_wanted.emit(self.current)
