"""An audit at a glance: where it stands, what is missing, what comes next."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError
from intact_core.rules.kernel import Actor
from intact_desktop.features.overview import actions, queries
from intact_desktop.features.overview.attendance import AttendanceList
from intact_desktop.features.overview.queries import NextStep, Overview
from intact_desktop.qt import icons, theme, words
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.theme import GRID, Grade
from intact_desktop.qt.workbench import Workbench
from intact_desktop.store.gaps import Gap

_PLACE = Qt.ItemDataRole.UserRole


class OverviewPage(AuditPage):
    """`step_buttons` holds the buttons of the next steps by the state they lead to."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.step_buttons: dict[str, QPushButton] = {}
        self.title = label("", "title", wrap=True)
        self.facts = label("", "muted", wrap=True)
        self.scope = label("", wrap=True)
        self.numbers = QHBoxLayout()
        self.team = label("", wrap=True)
        self.plan = QGridLayout()
        self.plan.setHorizontalSpacing(2 * GRID)
        self.plan.setColumnStretch(1, 1)
        self.missing = QListWidget()
        self.missing.setAccessibleName(self.tr("What is missing"))
        self.missing.setWordWrap(True)
        self.missing.itemActivated.connect(self._jump)
        self.missing.itemClicked.connect(self._jump)
        self.attendance = AttendanceList()
        self._steps = QVBoxLayout()
        self._connect()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(_scrolled(self._left()), 3)
        row.addWidget(_scrolled(self._right()), 2)

    def reload(self) -> None:
        audit_id, bench = self.audit_id, self.bench
        if audit_id is None:
            return
        actor = Actor(bench.user_id)
        self.read(lambda s: queries.overview(s, actor, bench.tenant_id, audit_id), self._show)

    def take_step(self, machine: str, to: str) -> None:
        """Take the audit one step on."""
        audit_id = self.audit_id
        if audit_id is not None:
            self.bench.do(
                lambda session: actions.take_step(session, audit_id, machine, to),
                lambda _: self.outdate(),
                self._refused,
                self,
            )

    def _connect(self) -> None:
        self.attendance.added.connect(self._add_person)
        self.attendance.ticked.connect(
            lambda id_, meeting, present: self._do(
                partial(actions.tick, person_id=id_, meeting=meeting, present=present)
            )
        )
        self.attendance.removed.connect(
            lambda id_: self._do(partial(actions.remove_person, person_id=id_))
        )

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(3 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.title)
        column.addWidget(self.facts)
        column.addSpacing(GRID)
        column.addLayout(self.numbers)
        column.addSpacing(GRID)
        parts = (
            (self.tr("Scope and objectives"), self.scope),
            (self.tr("Team"), self.team),
        )
        for name, widget in parts:
            column.addWidget(label(name, "heading"))
            column.addWidget(widget)
            column.addSpacing(GRID)
        column.addWidget(label(self.tr("Plan"), "heading"))
        column.addLayout(self.plan)
        column.addStretch()
        return left

    def _right(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(2 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(self.tr("Next"), "heading"))
        column.addLayout(self._steps)
        column.addSpacing(GRID)
        column.addWidget(label(self.tr("What is missing"), "heading"))
        self.missing.setMinimumHeight(20 * GRID)
        column.addWidget(self.missing, 1)
        column.addSpacing(GRID)
        column.addWidget(label(self.tr("Attendance"), "heading"))
        column.addWidget(self.attendance)
        return right

    def _show(self, seen: Overview) -> None:
        self.title.setText(f"{seen.client} · {seen.standard}")
        stage = f", {words.word(seen.stage)}" if seen.stage else ""
        facts = (
            seen.number,
            words.word(seen.kind) + stage,
            words.days(seen.first_day, seen.last_day),
            seen.site,
            words.word(seen.status),
            words.word(seen.workflow),
        )
        self.facts.setText(" · ".join(part for part in facts if part))
        self.scope.setText("\n".join(part for part in (seen.scope, seen.objectives) if part))
        self.team.setText(
            "\n".join(f"{one.letter}  {one.name}, {words.word(one.role)}" for one in seen.team)
        )
        self._show_numbers(seen)
        self._show_plan(seen)
        self._show_missing(seen.missing)
        self.attendance.show_people(seen.people)
        self._show_steps(seen.steps)
        self.loaded()

    def _show_numbers(self, seen: Overview) -> None:
        _clear(self.numbers)
        done = sum(number for rating, number in seen.ratings.items() if rating is not None)
        answered = self.tr("{n} of {all}").format(n=done, all=sum(seen.ratings.values()))
        self.numbers.addWidget(_number(answered, self.tr("answered")))
        for code in ("major", "minor", "observation", "opportunity"):
            number = str(seen.severities.get(code, 0))
            name = self.tr("Opportunity") if code == "opportunity" else words.word(code)
            self.numbers.addWidget(_number(number, name, words.grade_of(code)))
        self.numbers.addWidget(_number(str(seen.files), self.tr("evidence")))
        self.numbers.addStretch()

    def _show_plan(self, seen: Overview) -> None:
        _clear(self.plan)
        for row, line in enumerate(seen.plan):
            end = f"–{line.ends_at.astimezone():%H:%M}" if line.ends_at else ""
            self.plan.addWidget(label(words.moment(line.starts_at) + end, "muted"), row, 0)
            what = " · ".join(part for part in (line.subject, line.clauses) if part)
            self.plan.addWidget(label(what, wrap=True), row, 1)
            self.plan.addWidget(label(line.place, "muted"), row, 2)
            self.plan.addWidget(label(line.auditor, "muted"), row, 3)
        if not seen.plan:
            self.plan.addWidget(label(self.tr("No plan was entered."), "muted"), 0, 0)

    def _show_missing(self, missing: list[Gap]) -> None:
        self.missing.clear()
        for gap in missing:
            icon = "circle" if gap.blocks else "circle-dashed"
            item = QListWidgetItem(icons.icon(icon, theme.colours().muted), gap.words)
            item.setData(_PLACE, gap.place)
            self.missing.addItem(item)
        if not missing:
            item = QListWidgetItem(icons.grade_icon(Grade.CONFORMS), self.tr("Nothing is missing."))
            self.missing.addItem(item)

    def _show_steps(self, steps: list[NextStep]) -> None:
        _clear(self._steps)
        self.step_buttons.clear()
        titles = {
            "in_progress": self.tr("Start the audit"),
            "completed": self.tr("The work on site is done"),
            "client_review": self.tr("Submit to the client"),
            "submitted_to_cb": self.tr("Submit to the certification body"),
        }
        for step in steps:
            made = button((titles[step.to], partial(self.take_step, step.machine, step.to)), "main")
            made.setEnabled(step.problem is None)
            self.step_buttons[step.to] = made
            self._steps.addWidget(made)
            if step.problem is not None:
                self._steps.addWidget(self._reason(step.problem))
        if not steps:
            self._steps.addWidget(
                label(self.tr("The next step is the certification body's."), "muted", wrap=True)
            )

    def _reason(self, problem: IntactError) -> QWidget:
        line = QFrame()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label(problem.sentence, "muted", wrap=True), 1)
        place = getattr(problem, "place", None)
        if place is not None and place.type != "audit_schedules":
            row.addWidget(button((self.tr("Show"), partial(self.bench.show_place, place))))
        return line

    def _jump(self, item: QListWidgetItem) -> None:
        place = item.data(_PLACE)
        if place is not None:
            self.bench.show_place(place)

    def _add_person(self, name: str, role: str) -> None:
        if self.audit_id is not None:
            self._do(partial(actions.add_person, audit_id=self.audit_id, name=name, role=role))

    def _do(self, action: partial[None]) -> None:
        self.bench.do(action, lambda _: self.outdate(), self._refused, self)

    def _refused(self, error: IntactError) -> None:
        self.bench.tell(error.sentence)
        self.outdate()


def _number(number: str, what: str, grade: Grade | None = None) -> QWidget:
    made = QFrame()
    made.setProperty("look", "panel")
    column = QVBoxLayout(made)
    column.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
    top = QHBoxLayout()
    if grade is not None:
        mark = label("")
        mark.setPixmap(icons.grade_icon(grade).pixmap(16))
        top.addWidget(mark)
    top.addWidget(label(number, "title"))
    top.addStretch()
    column.addLayout(top)
    column.addWidget(label(what, "muted"))
    return made


def _scrolled(inside: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(inside)
    return scroll


def _clear(layout: QHBoxLayout | QVBoxLayout | QGridLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.deleteLater()
