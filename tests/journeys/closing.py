"""From the report to the certificate: signed, answered, verified, decided, checked."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from intact_core.errors import Place
from tests.journeys.desk import PASSPHRASE, wait
from tests.journeys.office import plain
from tests.journeys.processes import PASSWORD
from tests.journeys.stage import Stage

_ANSWERS = {
    "cause": "New revisions were issued by e-mail; nobody took the old copies from the machines.",
    "correction": "All copies at the machines were exchanged on the same day.",
    "corrective_action": "Copies at machines carry a code; the system shows the revision in force.",
}


def sign_report(stage: Stage) -> None:
    """The lead builds the report; lead and client sign it on the spot."""
    desk = stage.lead
    page = desk.tab("report")
    built: list[object] = []
    page.built.connect(lambda: built.append(True))
    page.build_button.click()
    wait(lambda: built, "the report is built")
    desk.settle()
    stage.say("lead: the report is built and shown")
    desk.shot("report")
    signed: list[object] = []
    page.signed.connect(signed.append)
    page.sign_button.click()
    wait(lambda: page.flow.dialog is not None, "the signing dialog")
    dialog = page.flow.dialog
    dialog.passphrase.setText(PASSPHRASE)
    desk.shot("sign-lead", dialog)
    dialog.lead_button.click()
    wait(lambda: dialog.steps.currentIndex() == 1, "the lead has signed")
    desk.draw_signature(dialog.pad)
    desk.shot("sign-client", dialog)
    dialog.client_button.click()
    wait(lambda: signed, "the report is kept")
    desk.settle()
    page.save_to(str(stage.out / "report.pdf"))
    wait((stage.out / "report.pdf").exists, "a copy of the report")
    desk.shot("report-signed")
    stage.say("lead: signed by the lead with passphrase and by the client by hand")


def client_review(stage: Stage) -> None:
    """The audit goes to the client, who answers in a browser."""
    _step(stage, "completed")
    _step(stage, "client_review")
    stage.lead.sync()
    client = stage.office("client@demo.example")
    findings = client.findings(stage.audit_id)
    note = stage.work / "exchange-record.png"
    stage.lead.window.grab().save(str(note))
    for number, finding_id in findings.items():
        page = f"/findings/{finding_id}"
        answer = client.submit(page, f"{page}/answer", {**_ANSWERS, "submit": "send"}, files=[note])
        if "Your answer was sent" not in plain(answer.text):
            raise RuntimeError(plain(answer.text)[:800])
        stage.say(f"client: answered {number} with cause, correction, corrective action, a file")
    client.close()


def follow_up(stage: Stage) -> None:
    """The lead accepts the answers and verifies the one to the major finding."""
    desk = stage.lead
    desk.sync()
    page = desk.place("follow_up")
    wait(lambda: len(page.model.rows) == 2, "both answers are here")
    desk.shot("follow-up")
    for row in list(page.model.rows):
        page.go_to(Place("non_conformities", row.id))
        desk.settle()
        page.note.setPlainText("The cause is plausible and the action fits it.")
        page.accept_button.click()
        wait(lambda row=row: _state(page, row.id) == "accepted", f"{row.number} is accepted")
        if row.severity != "major":
            continue
        page.go_to(Place("non_conformities", row.id))
        desk.settle()
        page.note.setPlainText("Seen on site: codes at presses 2 to 6, all current.")
        page.verify_button.click()
        wait(lambda row=row: _state(page, row.id) == "verified", f"{row.number} is verified")
    desk.shot("follow-up-verified")
    _step(stage, "submitted_to_cb")
    desk.sync()
    stage.say("lead: answers accepted, the major one verified; submitted to the body")


def _state(page: Any, finding_id: object) -> str:
    return next((row.status for row in page.model.rows if row.id == finding_id), "")


def _step(stage: Stage, to: str) -> None:
    page = stage.lead.tab("overview")
    wait(lambda: to in page.step_buttons, f"the step to {to}")
    if not page.step_buttons[to].isEnabled():
        stage.lead.shot("step-refused")
        raise RuntimeError(f"{to} is not allowed")
    QTest.mouseClick(page.step_buttons[to], Qt.MouseButton.LeftButton)
    stage.lead.settle()
    wait(lambda: to not in page.step_buttons, f"{to} is taken")
    stage.say(f"lead: {to}")


def decide(stage: Stage) -> None:
    """A team member is refused as decider; the reviewer decides; the certificate is issued."""
    path = f"/audits/{stage.audit_id}/decision"
    data = {"decision": "certify", "validity_period_years": "3", "password": PASSWORD}
    day = stage.server_day()
    refused = stage.office("lead@demo.example")
    answer = refused.submit(path, path, data | {"decision_date": day})
    stage.refuse("team member as decider", answer.status_code, plain(answer.text))
    refused.close()
    reviewer = stage.office("reviewer@demo.example")
    stage.facts["deciders"] = plain(reviewer.page(path).text)
    answer = reviewer.submit(path, path, data | {"decision_date": day})
    if "/certificates/" not in str(answer.url):
        raise RuntimeError(plain(answer.text)[:1500])
    pdf = reviewer.page(f"{answer.url.path}/pdf")
    (stage.out / "certificate.pdf").write_bytes(pdf.content)
    stage.facts["certificate"] = _number(plain(answer.text))
    stage.say(f"reviewer: decided; certificate {stage.facts['certificate']} is issued")
    reviewer.close()


def _number(text: str) -> str:
    return re.findall(r"Certificate (\S+-\d{4}-\d{3}-\w+)", text)[0]


def rival(stage: Stage) -> None:
    """Another tenant sees nothing: the answer is the same as for what does not exist."""
    office = stage.office("cbadmin@rival.example")
    foreign = office.page(f"/audits/{stage.audit_id}")
    missing = office.page("/audits/00000000-0000-7000-8000-000000000000")
    same = plain(foreign.text) == plain(missing.text)
    stage.refuse("rival tenant", foreign.status_code, f"same as missing: {same}")
    if foreign.status_code != httpx.codes.NOT_FOUND or not same:
        raise RuntimeError("a rival tenant can tell what exists")
    office.close()


def verify(stage: Stage) -> None:
    """Both documents, with and without a network, and a tampered one."""
    number = stage.facts["certificate"]
    public = httpx.get(f"{stage.server.url}/api/v1/certificates/verify/{number}").json()
    stage.facts["public_answer"] = public
    stage.facts["public_page"] = plain(httpx.get(f"{stage.server.url}/verify/{number}").text)
    if not public["data"]["is_valid"]:
        raise RuntimeError(f"the certificate is not valid: {public}")
    stage.say(f"anyone: {number} is valid, says the public page")
    stage.server.stop()
    report, certificate = stage.out / "report.pdf", stage.out / "certificate.pdf"
    tampered = stage.work / "tampered.pdf"
    content = bytearray(report.read_bytes())
    content[len(content) // 2] ^= 1
    tampered.write_bytes(content)
    checks = []
    for program in ("intact", "intact-server"):
        for file in (report, certificate, tampered):
            checks.append(_check(stage, program, file))
    stage.facts["verifications"] = checks
    wrong = [one for one in checks if (one["exit"] == 0) == (one["file"] == "tampered.pdf")]
    if wrong:
        raise RuntimeError(f"verification is wrong: {json.dumps(wrong, indent=2)}")
    stage.refuse("tampered report", 1, checks[2]["steps"][-1])
    stage.say("without a network: report and certificate are genuine, the tampered one is found")


def _check(stage: Stage, program: str, file: Path) -> dict[str, Any]:
    modules = {"intact": "intact_desktop", "intact-server": "sync_server"}
    folders = {"intact": ["--data", str(stage.work)], "intact-server": []}
    after = {"intact": [], "intact-server": ["--data", str(stage.server.data)]}
    command = [sys.executable, "-m", modules[program], *folders[program], "verify"]
    result = subprocess.run(
        [*command, str(file), *after[program]], capture_output=True, text=True, check=False
    )
    lines = (result.stdout or result.stderr).strip().splitlines()
    return {"program": program, "file": file.name, "exit": result.returncode, "steps": lines}
