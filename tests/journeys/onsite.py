"""The day on site: enrolled with a network, worked without, synced again."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.journeys.desk import Laptop, wait
from tests.journeys.stage import AUDITOR, LEAD, Stage

_KEYS = {"compliant": "1", "observation": "2", "minor": "3", "major": "4", "not_applicable": "5"}
_RATED_BY_KEY = 40
_NOTES = (
    "Two of five procedures at the presses are superseded.",
    "Gauge G-17 is in use, its calibration ended in March.",
)
_MAJOR = {
    "requirement_reference": "Documents in use are the current ones and obsolete ones are removed.",
    "description": "At two presses obsolete procedures are in use, and nobody noticed in review.",
    "evidence": "Press 4: WI-22 rev. 2 of 2023; press 6: WI-25 rev. 1. Current: rev. 4 and rev. 2.",
}
_MINOR = {
    "requirement_reference": "Measuring equipment is calibrated at the intervals laid down.",
    "description": "One gauge in use had passed the end of its calibration interval.",
    "evidence": "Gauge G-17 at incoming goods, label: due 31 March. Register line 17.",
}


def enrol(stage: Stage) -> None:
    """Both laptops are set up and download what belongs to them."""
    for desk, email in ((stage.lead, LEAD), (stage.auditor, AUDITOR)):
        stage.say(f"{email} sets up a laptop and downloads the audits")
        desk.enrol(email)
        desk.open_audit(stage.audit_number)
        desk.place("audits")
        desk.shot("my-audits")
    overview = stage.lead.tab("overview")
    QTest.mouseClick(overview.step_buttons["in_progress"], Qt.MouseButton.LeftButton)
    stage.lead.settle()
    for desk in stage.desks:
        desk.sync()
    stage.say(f"{stage.audit_number} is ready offline on both laptops; the audit begins")


def lose_the_network(stage: Stage) -> None:
    """The server is gone in the middle of everything."""
    stage.server.kill()
    stage.say("The network is gone (the server process was killed)")
    said = [desk.try_sync() for desk in stage.desks]
    stage.facts["offline_said"] = said
    stage.auditor.lock_and_unlock()
    stage.auditor.open_audit(stage.audit_number)
    stage.say("auditor: locked, refused with a wrong passphrase, unlocked without a network")
    stage.lead.shot("offline")


def work(stage: Stage, photos: list[Path]) -> None:
    """A day of work on both laptops, without a network."""
    _rate(stage, stage.lead, 0)
    _rate(stage, stage.auditor, 1)
    _photograph(stage, stage.lead, photos[: len(photos) // 2])
    _photograph(stage, stage.auditor, photos[len(photos) // 2 :])
    _find(stage, stage.lead, 0, "major", _MAJOR)
    _find(stage, stage.auditor, 1, "minor", _MINOR)
    _conflict(stage)
    _document(stage)
    _attend(stage)


def _rate(stage: Stage, desk: Laptop, half: int) -> None:
    page = desk.tab("checklist")
    items = list(page.model.shown)
    mine = items[half::2][:_RATED_BY_KEY]
    for number, item in enumerate(mine):
        page.show_item(item.id)
        rating = ("compliant", "compliant", "observation", "compliant")[number % 4]
        desk.press(page.tree, _KEYS[rating])
    desk.settle()
    rated = sum(1 for item in page.model.shown if item.rating is not None)
    stage.say(f"{desk.name}: {rated} of {len(items)} items rated by key")
    desk.shot("checklist")


def _photograph(stage: Stage, desk: Laptop, photos: list[Path]) -> None:
    checklist = desk.tab("checklist")
    checklist.show_item(checklist.model.shown[4].id)
    desk.settle()
    panel = desk.desk.workspace.panel
    outcomes: list[object] = []
    panel.intake.imported.connect(outcomes.append)
    panel.intake.take(photos)
    wait(lambda: outcomes, "files are taken in")
    desk.settle()
    desk.shot("checklist-evidence")
    desk.tab("evidence")
    told = [*outcomes[0].warnings, *outcomes[0].refused]
    stage.facts.setdefault("evidence", []).append(
        {"laptop": desk.name, "files": len(photos), "taken": outcomes[0].taken, "told": told}
    )
    stage.say(f"{desk.name}: {outcomes[0].taken} files are evidence; {len(told)} told of")
    desk.pictured()
    desk.shot("evidence")


def _find(stage: Stage, desk: Laptop, place: int, grade: str, texts: dict[str, str]) -> None:
    page = desk.tab("checklist")
    item = page.model.shown[place]
    page.show_item(item.id)
    desk.settle()
    desk.press(page.tree, _KEYS[grade])
    desk.settle()
    desk.press(page.tree, "N")
    findings = desk.tab("findings")
    wait(lambda: findings.editor.finding is not None, "the new finding")
    desk.settle()
    findings.editor.grade.setCurrentIndex(findings.editor.grade.findData(grade))
    findings.editor.grade.activated.emit(findings.editor.grade.currentIndex())
    desk.settle()
    for field, text in texts.items():
        findings.editor.texts[field].setPlainText(text)
        findings.editor.flush()
        desk.settle()
    findings.editor.clause.setText(item.clause)
    findings.editor.flush()
    desk.settle()
    again = desk.tab("checklist")
    second = again.model.shown[place + 2]
    findings.join(findings.editor.finding.id, second.id)
    desk.settle()
    stage.say(f"{desk.name}: {findings.editor.finding.number} ({grade}) with two items behind it")
    desk.tab("findings")
    desk.shot("finding")


def _conflict(stage: Stage) -> None:
    for desk, note in zip(stage.desks, _NOTES, strict=True):
        page = desk.tab("checklist")
        page.show_item(page.model.shown[6].id)
        desk.settle()
        page.note.setPlainText(note)
        page.note.flush()
        desk.settle()
    stage.say("Both write a note at the same item: this will be the one conflict")


def _document(stage: Stage) -> None:
    page = stage.lead.tab("documentation")
    answers = {
        "has_org_changes": False,
        "plan_reviewed": True,
        "plan_adequate": True,
        "team_qualified": True,
        "plan_approved": True,
        "audit_objectives_met": True,
        "summary_completed": True,
    }
    texts = {
        "key_findings_summary": "The system works and people know it. Control of documents at the "
        "machines is weak, and one gauge was overdue.",
        "system_effectiveness": "Objectives are set, followed and mostly reached. Internal audits "
        "and the management review took place as planned.",
    }
    for field, text in texts.items():
        page.texts[field].setPlainText(text)
        page.texts[field].flush()
    for field, answer in answers.items():
        flag = page.flags[field]
        (flag.yes if answer else flag.no).click()
        stage.lead.settle()
    page.recommendation.setCurrentIndex(page.recommendation.findData("certify"))
    page.recommendation.activated.emit(page.recommendation.currentIndex())
    page.justification.setPlainText("Certify once the major non-conformity is verified.")
    page.justification.flush()
    stage.lead.settle()
    stage.say("lead: documentation and recommendation are filled in")
    stage.lead.shot("documentation")


def _attend(stage: Stage) -> None:
    page = stage.lead.tab("overview")
    for name, role in (("Grace Njeri", "Quality manager"), ("Samuel Kiprop", "Managing director")):
        page.attendance.name.setText(name)
        page.attendance.role.setText(role)
        page.attendance.add_button.click()
        stage.lead.settle()
        wait(lambda name=name: (name, "closing") in page.attendance.ticks, name)
        page.attendance.ticks[name, "closing"].click()
        stage.lead.settle()
    stage.lead.shot("overview")


def come_back(stage: Stage) -> None:
    """The network is back: everything goes up, and the one conflict is settled by a person."""
    stage.server.restart_if_dead()
    stage.say("The network is back")
    for desk in (stage.lead, stage.auditor, stage.lead):
        desk.sync()
    page = stage.lead.place("conflicts")
    wait(lambda: page.rows, "the conflict is shown")
    stage.facts["conflicts"] = len(page.rows)
    stage.say(f"lead: {len(page.rows)} conflict, nothing lost: both notes are there")
    stage.lead.shot("conflicts")
    page.view.edit_button.click()
    [note] = page.view.editors.values()
    note.setPlainText("\n".join(_NOTES))
    page.view.reason.setText("Both are right, so both stay.")
    stage.lead.shot("conflict-edit")
    settled: list[object] = []
    page.settled.connect(settled.append)
    page.view.save_edit_button.click()
    wait(lambda: settled, "the conflict is settled")
    stage.say("lead: settled by a person, with a reason")
    for desk in (stage.lead, stage.auditor):
        desk.sync()
