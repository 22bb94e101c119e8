"""Three forms and the recommendation. Everything keeps itself."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import cast

from PySide6.QtCore import QDate
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError, Place
from intact_core.records.conclusions import OUTCOMES
from intact_desktop.features.documentation import actions, forms, queries
from intact_desktop.features.documentation.forms import Question
from intact_desktop.features.documentation.queries import FLAGS, Documentation
from intact_desktop.qt import words
from intact_desktop.qt.autosave import AutosaveText
from intact_desktop.qt.notices import label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.qt.yes_no import YesNo

_TEXT_HEIGHT = 10 * GRID


class DocumentationPage(AuditPage):
    """`flags` and `texts` hold the fields by name."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.flags: dict[str, YesNo] = {}
        self.texts: dict[str, AutosaveText] = {}
        self._lines: dict[str, QWidget] = {}
        self._marks: dict[str, QLabel] = {}
        self._questions: dict[str, Question] = {}
        self.recommendation = QComboBox()
        self.recommendation.setAccessibleName(self.tr("Recommendation"))
        self.recommendation.addItem(self.tr("not given yet"), None)
        for outcome in OUTCOMES:
            self.recommendation.addItem(words.word(outcome), outcome)
        self.justification = self._reason_text("justification", self.tr("Reason"))
        self.conditions = self._reason_text("conditions", self.tr("Conditions and follow-up"))
        self.stage_2_date = QDateEdit()
        self.stage_2_date.setCalendarPopup(True)
        self.stage_2_date.setAccessibleName(self.tr("Date of Stage 2"))
        self._advice = QWidget()
        self._only_lead = label(self.tr("Only the lead of this audit recommends."), "muted")
        self._build()
        self.recommendation.activated.connect(self._recommend)
        self.stage_2_date.userDateChanged.connect(self._plan_stage_2)

    def reload(self) -> None:
        audit_id, bench = self.audit_id, self.bench
        if audit_id is not None:
            self.read(
                lambda s: queries.documentation(s, bench.tenant_id, bench.user_id, audit_id),
                self._show,
            )

    def flush(self) -> None:
        for text in (*self.texts.values(), self.justification, self.conditions):
            text.flush()

    def go_to(self, place: Place) -> None:
        field = place.field or ""
        widgets: dict[str, QWidget] = {
            **self.flags,
            **self.texts,
            "recommendation": self.recommendation,
            "justification": self.justification,
        }
        if field in widgets:
            widgets[field].setFocus()
            self._scroll.ensureWidgetVisible(widgets[field], 0, 10 * GRID)

    def _build(self) -> None:
        inside = QWidget()
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        columns.setSpacing(5 * GRID)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(GRID)
            columns.addLayout(column, 1)
        self._form(left, self.tr("Changes in the organisation"), forms.organisation())
        self._form(left, self.tr("Review of the plan"), forms.plan_review())
        left.addWidget(self._build_advice())
        left.addStretch()
        self._form(right, self.tr("Summary"), forms.summary())
        right.addStretch()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)

    def _form(self, column: QVBoxLayout, title: str, questions: list[Question]) -> None:
        column.addWidget(label(title, "title"))
        for question in questions:
            self._questions[question.field] = question
            line = self._flag(question) if question.field in FLAGS else self._text(question)
            self._lines[question.field] = line
            column.addWidget(line)
        column.addSpacing(2 * GRID)

    def _flag(self, question: Question) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        flag = YesNo(question.words)
        flag.chosen.connect(partial(self._write, question.field))
        self.flags[question.field] = flag
        row.addWidget(label(question.words, wrap=True), 1)
        row.addWidget(self._mark(question.field))
        row.addWidget(flag)
        return line

    def _text(self, question: Question) -> QWidget:
        line = QWidget()
        column = QVBoxLayout(line)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        head = QHBoxLayout()
        head.addWidget(label(question.words))
        head.addWidget(self._mark(question.field))
        head.addStretch()
        text = AutosaveText(question.words, question.hint)
        text.setFixedHeight(_TEXT_HEIGHT)
        text.kept.connect(partial(self._write, question.field))
        self.texts[question.field] = text
        column.addLayout(head)
        column.addWidget(text)
        return line

    def _mark(self, field: str) -> QLabel:
        self._marks[field] = label(self.tr("– still missing"), "muted")
        self._marks[field].hide()
        return self._marks[field]

    def _reason_text(self, field: str, name: str) -> AutosaveText:
        text = AutosaveText(name)
        text.setFixedHeight(_TEXT_HEIGHT)
        text.kept.connect(partial(self._reason, field))
        return text

    def _build_advice(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("Recommendation"), "title"))
        column.addWidget(self._only_lead)
        inside = QVBoxLayout(self._advice)
        inside.setContentsMargins(0, 0, 0, 0)
        self._stage_2 = QWidget()
        row = QHBoxLayout(self._stage_2)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(self.tr("Stage 2 is to begin on")))
        row.addWidget(self.stage_2_date)
        row.addStretch()
        inside.addWidget(self._stage_2)
        inside.addWidget(self.recommendation)
        inside.addWidget(label(self.tr("Reason")))
        inside.addWidget(self.justification)
        inside.addWidget(label(self.tr("Conditions and follow-up")))
        inside.addWidget(self.conditions)
        column.addWidget(self._advice)
        return whole

    def _show(self, read: Documentation) -> None:
        for name, flag in self.flags.items():
            flag.load(read.flags[name])
        for name, text in self.texts.items():
            text.load(read.texts[name])
        for name, mark in self._marks.items():
            mark.setVisible(name in read.missing)
        self._show_lines()
        self.recommendation.setCurrentIndex(
            max(0, self.recommendation.findData(read.recommendation))
        )
        self.justification.load(read.justification)
        self.conditions.load(read.conditions)
        self._stage_2.setVisible(read.is_stage1)
        self._show_stage_2(read.stage_2_date)
        self._advice.setEnabled(read.is_lead)
        self._only_lead.setVisible(not read.is_lead)
        self.loaded()

    def _show_lines(self) -> None:
        for field, line in self._lines.items():
            line.setVisible(self._is_asked(field))

    def _is_asked(self, field: str) -> bool:
        question = self._questions[field]
        if not question.needs:
            return True
        return self._is_asked(question.needs) and self.flags[question.needs].value is question.when

    def _show_stage_2(self, day: date | None) -> None:
        self.stage_2_date.blockSignals(True)
        shown = QDate(day.year, day.month, day.day) if day else QDate.currentDate()
        self.stage_2_date.setDate(shown)
        self.stage_2_date.blockSignals(False)

    def _write(self, field: str, value: bool | str) -> None:
        self._show_lines()
        audit_id = self.audit_id
        if audit_id is not None:
            self._do(partial(actions.write, audit_id=audit_id, field=field, value=value))

    def _recommend(self) -> None:
        audit_id = self.audit_id
        if audit_id is not None:
            outcome = self.recommendation.currentData()
            self._do(partial(actions.recommend, audit_id=audit_id, outcome=outcome))

    def _reason(self, field: str, text: str) -> None:
        audit_id = self.audit_id
        if audit_id is not None:
            self._do(partial(actions.reason, audit_id=audit_id, field=field, text=text))

    def _plan_stage_2(self, day: QDate) -> None:
        audit_id = self.audit_id
        if audit_id is not None:
            chosen = cast(Callable[[], date], day.toPython)()
            self._do(partial(actions.plan_stage_2, audit_id=audit_id, day=chosen))

    def _do(self, action: partial[None]) -> None:
        self.bench.do(action, lambda _: self.outdate(), self._refused, self)

    def _refused(self, error: IntactError) -> None:
        self.bench.tell(error.sentence)
        self.outdate()
