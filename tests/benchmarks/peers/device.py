"""One laptop of the comparison: lines of JSON in, lines of JSON out, the real engine between."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import IntactError
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conflicts import Conflict
from intact_core.records.standards import Standard
from tests.benchmarks.peers.prepare import STANDARD
from tests.benchmarks.running import collect_seldom
from tests.journeys.headless import Headless, enrol, open_laptop

PEOPLE = {"A": "lead", "B": "auditor"}
FIELDS = {
    "audit": "clause_title",
    "clause": "clause_reference",
    "question": "requirement",
    "rating": "rating",
    "note": "auditor_finding",
}
RATINGS = {"conform": "compliant", "not applicable": "not_applicable"}
_SHOWN = {ours: theirs for theirs, ours in RATINGS.items()}


class Device:
    """What the comparison asks of a laptop. Each answer that is typed is one action of its own."""

    laptop: Headless

    def open(self, dir: str, url: str, device: str, first: bool) -> None:
        folder = Path(dir) / "profile"
        who = f"{PEOPLE.get(device, 'reviewer')}@demo.example"
        if folder.exists():
            self.laptop = open_laptop(folder, url)
            collect_seldom()
            return
        # Setting up a laptop fetches what its person works on.
        self.laptop = enrol(folder, url, who)
        self.laptop.sync.round()
        collect_seldom()

    def apply(self, ops: list[dict[str, Any]]) -> None:
        for op in ops:
            with self.laptop.sessions.begin() as session:
                self._do(session, op)

    def _do(self, session: Session, op: dict[str, Any]) -> None:
        if op["op"] == "create":
            body = op["body"]
            values = {ours: _stored(theirs, body[theirs]) for theirs, ours in FIELDS.items()}
            audit_id = self._audit(session)
            session.add(AuditChecklist(id=UUID(body["id"]), audit_schedule_id=audit_id, **values))
            return
        mine = AuditChecklist.id == UUID(op["id"])
        item = session.scalars(select(AuditChecklist).where(mine)).one()
        if op["op"] == "delete":
            item.deleted_at, item.deleted_reason = clock.now(), "not needed"
        else:
            setattr(item, FIELDS[op["field"]], _stored(op["field"], op["value"]))

    def _audit(self, session: Session) -> UUID:
        query = (
            select(AuditSchedule.id)
            .join(Standard, Standard.id == AuditSchedule.standard_id)
            .where(Standard.standard_code == STANDARD)
        )
        return session.scalars(query).one()

    def sync(self, choice: str | None = None) -> dict[str, Any]:
        del choice
        try:
            self.laptop.sync.round()
        except IntactError as error:
            return {"ok": False, "error": f"{error.title}: {error.sentence} {error.details}"}
        return {"ok": True}

    def read(self) -> dict[str, Any]:
        with self.laptop.sessions() as session:
            query = select(AuditChecklist).where(
                AuditChecklist.audit_schedule_id == self._audit(session),
                AuditChecklist.deleted_at.is_(None),
            )
            items = session.scalars(query).all()
        return {"records": {str(item.id): [_body(item)] for item in items}}

    def conflicts(self) -> dict[str, Any]:
        """What the page of conflicts lists: both values of each that is open."""
        with self.laptop.sessions() as session:
            query = select(Conflict).where(Conflict.state == "open", Conflict.deleted_at.is_(None))
            found = session.scalars(query).all()
        return {
            "conflicts": [
                {"id": str(one.record_id), "values": [_partial(one.server), _partial(one.incoming)]}
                for one in found
            ]
        }

    def history(self, ids: list[str]) -> dict[str, Any]:
        del ids
        return {"records": {}}

    expert = history


def _stored(field: str, value: str) -> str:
    return RATINGS.get(value, value) if field == "rating" else value


def _body(item: AuditChecklist) -> dict[str, Any]:
    values = {ours: getattr(item, ours) for ours in FIELDS.values()}
    return {"id": str(item.id), **_partial(values)}


def _partial(values: dict[str, Any]) -> dict[str, Any]:
    return {
        theirs: _SHOWN.get(values[ours], values[ours])
        for theirs, ours in FIELDS.items()
        if ours in values
    }


def main() -> None:
    device, out = Device(), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        command = asked.pop("cmd")
        try:
            answer = getattr(device, command)(**asked) or {}
        except Exception as fault:  # noqa: BLE001  the edge of the process: the comparison decides
            answer = {"failed": f"{type(fault).__name__}: {fault}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()
        if command == "sync":
            # As in the application: first the person sees how it went.
            device.laptop.sync.tidy()


if __name__ == "__main__":
    main()
