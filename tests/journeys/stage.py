"""What the line is played with: server, two desks, people in browsers, and what happened."""

import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QApplication

from intact_core import clock
from tests.journeys.desk import Laptop
from tests.journeys.office import Office, plain
from tests.journeys.processes import ServerProcess

LEAD, AUDITOR = "lead@demo.example", "auditor@demo.example"


@dataclass
class Stage:
    """`facts` becomes summary.json."""

    app: QApplication
    work: Path
    out: Path
    server: ServerProcess
    facts: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    laptops: list[Laptop] = field(default_factory=list)
    lead: Laptop = field(init=False)
    auditor: Laptop = field(init=False)
    audit_number: str = ""
    audit_id: UUID = field(init=False)

    def say(self, words: str) -> None:
        """Print a step as it happens."""
        sys.stdout.write(f"[{time.monotonic() - self.started:6.1f} s] {words}\n")
        sys.stdout.flush()

    def laptop(self, name: str) -> Laptop:
        """One more laptop, with a profile of its own; closed when the play ends."""
        self.laptops.append(Laptop(self.work, name, self.server.url, self.out))
        return self.laptops[-1]

    def refuse(self, what: str, status: int, words: str) -> None:
        """Note something that was rightly refused."""
        self.facts.setdefault("refusals", []).append(
            {"what": what, "status": status, "words": words[:600]}
        )
        self.say(f"refused: {what}")

    def server_day(self) -> str:
        """Today, as the server counts days (UTC)."""
        return str(clock.today())

    def office(self, email: str) -> Office:
        """Somebody signs in to the back office."""
        return Office(self.server.url, email)

    @property
    def desks(self) -> tuple[Laptop, Laptop]:
        """Both laptops."""
        return self.lead, self.auditor


def choose_audit(stage: Stage, catalog: Path | None) -> None:
    """The audit that the demo brings, or one that the office schedules on an imported catalog."""
    office = stage.office("cbadmin@demo.example")
    if catalog is None:
        numbers = sorted(office.audit_ids())
        stage.audit_number = numbers[-1]
    else:
        stage.say(f"The office imports {catalog.name} and schedules an audit on it")
        before = set(office.choices("/audits/new"))
        answer = office.import_catalog(catalog)
        if not answer.is_success:
            raise RuntimeError(plain(answer.text))
        choices = office.choices("/audits/new")
        template = next(name for name in choices if name not in before)
        stage.facts["catalog"] = template
        _qualify(office)
        stage.audit_number = _schedule(office, choices, template)
    stage.audit_id = office.audit_ids()[stage.audit_number]
    office.close()


def _qualify(office: Office) -> None:
    """Nobody audits or decides for a standard without competence: the office records them."""
    choices = office.choices("/competences")
    standard = next(value for name, value in choices.items() if "800-53" in name)
    levels = {"Daniel Otieno": "lead", "Amina Hassan": "auditor", "Peter Mwangi": "decider"}
    for person, level in levels.items():
        data = {
            "person": choices[person],
            "standard": standard,
            "level": level,
            "until": str(clock.today() + timedelta(days=365)),
        }
        answer = office.submit("/competences", "/competences", data)
        if "is recorded" not in plain(answer.text):
            raise RuntimeError(plain(answer.text)[:800])


def _schedule(office: Office, choices: dict[str, str], template: str) -> str:
    known = set(office.audit_ids())
    today = clock.today()
    stage1 = next(value for words, value in choices.items() if words.startswith("AUD-"))
    names = {words.split()[0]: value for words, value in choices.items()}
    data = {
        "client": choices["Acme Ltd"],
        "template": choices[template],
        "audit_type": "initial",
        "audit_stage": "stage2",
        "stage1_audit": stage1,
        "start": str(today),
        "end": str(today + timedelta(days=2)),
        "lead": names["Daniel"],
        "team": names["Amina"],
        "scope": "Information systems of the head office and of the foundry",
        "objectives": "Conformity and effectiveness of the controls selected",
    }
    answer = office.submit("/audits/new", "/audits/new", data)
    found = set(office.audit_ids()) - known
    if not found:
        raise RuntimeError(plain(answer.text)[:1500])
    return found.pop()
