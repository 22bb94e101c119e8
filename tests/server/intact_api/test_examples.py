"""Each example of the API's description is sent as it is printed, and answered with its keys."""

import csv
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from intact_core import clock
from tests.fixtures.surroundings import SHARED
from tests.server.conftest import Server
from tests.server.intact_api.deciding import LEAD, account_of, decide, demo_standard, to_client
from tests.server.intact_api.samples import OFFICE, make_all
from tests.server.intact_api.samples_audits import ACTION, MEMBER
from tests.server.intact_api.stories import new_audit

SEED = SHARED / "seeds" / "endpoints.csv"
PREFIX = "/api/v1/"
pytestmark = pytest.mark.skipif(not SEED.exists(), reason=f"{SEED} is not here")

UNIQUE = re.compile(
    r"_number$|^client_code$|^email$|^version$|^site_code$|^transaction_id$|^action$"
)
"""Printed once and sent several times: each time with another ending."""
OF_ITSELF = {"tenants": "name", "roles": "name"}
REFERENCES = {
    "client_id": "clients",
    "site_id": "client-sites",
    "standard_id": "standards",
    "application_id": "applications",
    "quotation_id": "quotations",
    "contract_id": "contracts",
    "accreditation_id": "accreditations",
    "audit_schedule_id": "audit-schedules",
    "audit_checklist_id": "audit-checklists",
    "non_conformity_id": "non-conformities",
    "invoice_id": "invoices",
    "document_id": "documents",
    "evidence_document_id": "documents",
    "parent_id": "folders",
    "user_id": "users",
    "tenant_id": "tenants",
    "permission_ids": "permissions",
    "role_ids": "roles",
}


@dataclass(frozen=True)
class Row:
    """A line of the description."""

    verb: str
    path: str
    example: str
    status: int
    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.verb} {self.path}"

    @property
    def resource(self) -> str:
        return self.path.split("/")[0]


def rows() -> list[Row]:
    with SEED.open(encoding="utf-8") as file:
        return [
            Row(
                one["method"],
                one["path"].removeprefix(PREFIX),
                one["request_example"],
                int(one["success_status"]),
                tuple(one["response_keys"].split()),
            )
            for one in csv.DictReader(file)
            if one["system"] == "intact"
        ]


class Story:
    """Sends the examples, each on a row that is ready for it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.made = make_all(server)
        self.office = server.bearer(OFFICE)
        self.platform = server.bearer("platform@intact.example")
        self.creates = {r.resource: r for r in rows() if r.verb == "POST" and r.path == r.resource}
        self._counter = itertools.count(1)
        folder = self.office.post(f"{PREFIX}documents/folder", json={"name": "Another folder"})
        self.made["folders"] = folder.json()["data"]["id"]
        lead = {"user_id": _lead(self), "standard_id": self.made["standards"]}
        competent = lead | {"competency_level": "lead", "expiry_date": "2028-06-14"}
        self.send("POST", "auditor-competencies", competent, 201)

    def tell(self, row: Row) -> str:
        """Send one line's example; what is wrong with the answer, or nothing."""
        ready = READY.get(row.name, Story.fresh if "{" in row.path else Story.parents)
        made = ready(self, row.resource)
        path = self._path(row, made)
        client = self._client(row)
        if row.example.startswith("file=@"):
            sent: dict[str, Any] = {"files": {"file": ("report.pdf", b"%PDF-1.7 x")}}
        else:
            sent = {"json": self.body(row, made)} if row.example else {}
        answer = client.request(row.verb, PREFIX + path, **sent)
        if answer.status_code != row.status:
            return f"{row.name}: {answer.status_code} {answer.text}"
        lacking = [key for key in row.keys if not _has(answer.json(), key)]
        return f"{row.name}: without {lacking}" if lacking else ""

    def body(self, row: Row, made: dict[str, str]) -> dict[str, Any]:
        known = {**self.made, **made}
        return {
            name: self._value(row.resource, name, value, known)
            for name, value in json.loads(row.example).items()
        }

    def _value(self, resource: str, name: str, value: Any, known: dict[str, str]) -> Any:
        if name in REFERENCES:
            id_ = known[REFERENCES[name]]
            return [id_] if isinstance(value, list) else id_
        if UNIQUE.search(name) or OF_ITSELF.get(resource) == name:
            return self._other(value)
        return value

    def _other(self, value: str) -> str:
        number = next(self._counter)
        name, at, host = value.partition("@")
        return f"{name}{number}{at}{host}" if at else f"{value}_{number}"

    def fresh(self, resource: str) -> dict[str, str]:
        """A row that was just made with the example, and those that it stands on."""
        row = self.creates.get(resource)
        if row is None:
            return {}
        made = self.parents(resource)
        if row.example.startswith("file"):
            file = {"file": ("report.pdf", b"%PDF-1.7 fresh")}
            answer = self.office.post(PREFIX + row.path, files=file)
        else:
            answer = self._client(row).post(PREFIX + row.path, json=self.body(row, made))
        assert answer.status_code == 201, f"{row.name}: {answer.text}"
        return made | {resource: answer.json()["data"]["id"]}

    def parents(self, resource: str) -> dict[str, str]:
        """Rows that a new one needs for itself alone."""
        return PARENTS[resource](self) if resource in PARENTS else {}

    def after(self, resource: str, *steps: tuple[str, str, dict[str, Any]]) -> dict[str, str]:
        """A fresh row that went through some steps: verb, word of the path, body."""
        made = self.fresh(resource)
        for verb, word, body in steps:
            self.send(verb, f"{resource}/{made[resource]}/{word}".rstrip("/"), body)
        return made

    def send(self, verb: str, path: str, body: dict[str, Any], status: int = 200) -> Any:
        answer = self.office.request(verb, PREFIX + path, json=body)
        assert answer.status_code == status, f"{path}: {answer.text}"
        return answer.json()["data"]

    def _path(self, row: Row, made: dict[str, str]) -> str:
        known = {**self.made, **made}

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name == "number":
                return "CERT-2025-001"
            return known[row.resource if name == "id" else f"{name.removesuffix('_id')}s"]

        return re.sub(r"\{(\w+)\}", value, row.path)

    def _client(self, row: Row) -> TestClient:
        return self.platform if row.resource == "tenants" else self.office


def _has(body: Any, key: str) -> bool:
    for part in key.split("."):
        if not isinstance(body, dict) or part not in body:
            return False
        body = body[part]
    return True


def _ready(*steps: tuple[str, str, dict[str, Any]]) -> Callable[[Story, str], dict[str, str]]:
    return lambda story, resource: story.after(resource, *steps)


def _later() -> dict[str, Any]:
    return {"valid_until": str(clock.today() + timedelta(days=30))}


def _lead(story: Story) -> str:
    return str(account_of(story.server.app, LEAD).user_id)


def _led_audit(story: Story, resource: str) -> dict[str, str]:
    made = story.fresh(resource)
    member = MEMBER | {"audit_schedule_id": made[resource], "user_id": _lead(story)}
    story.send("POST", "audit-teams", member, 201)
    return made


def _started_audit(story: Story, resource: str) -> dict[str, str]:
    made = _led_audit(story, resource)
    story.send("POST", f"{resource}/{made[resource]}/start", {})
    return made


def _decided_audit(story: Story, **other: Any) -> str:
    app = story.server.app
    audit = new_audit(story.office, story.made["clients"], **{"audit_stage": "stage2"} | other)
    to_client(app, audit)
    decide(app, audit, date(2025, 7, 20))
    return audit


def _for_certificate(story: Story) -> dict[str, str]:
    standard = demo_standard(story.server.app)
    return {"audit-schedules": _decided_audit(story), "standards": standard}


def _renewable(story: Story, resource: str) -> dict[str, str]:
    made = story.fresh(resource)
    audit = _decided_audit(story, audit_type="recertification", audit_stage=None)
    return made | {"audit-schedules": audit}


def _suspended(story: Story, resource: str) -> dict[str, str]:
    reason = {"suspension_reason": "Non-compliance found during surveillance"}
    return story.after(resource, ("POST", "suspend", reason))


def _answered(story: Story, resource: str) -> dict[str, str]:
    made = story.fresh(resource)
    whole = {"cause": "Nobody owned the register", "correction": "The register is complete"}
    answer = ACTION | whole | {"non_conformity_id": made[resource]}
    action = story.send("POST", "corrective-actions", answer, 201)["id"]
    return made | {"corrective-actions": action}


def _closable(story: Story, resource: str) -> dict[str, str]:
    made = _answered(story, resource)
    story.send("PUT", f"{resource}/{made[resource]}", {"status": "under_review"})
    notes = {"verification_notes": "Action completed and verified effective"}
    story.send("POST", f"corrective-actions/{made['corrective-actions']}/verify", notes)
    return made


def _given_permission(story: Story, resource: str) -> dict[str, str]:
    made = story.fresh(resource)
    ids = {"permission_ids": [story.made["permissions"]]}
    story.send("POST", f"{resource}/{made[resource]}/permissions", ids)
    return made


def _given_role(story: Story, resource: str) -> dict[str, str]:
    made = story.fresh(resource)
    story.send("POST", f"{resource}/{made[resource]}/roles", {"role_ids": [story.made["roles"]]})
    return made


SUBMIT = ("POST", "submit", {})
SIGN = ("POST", "sign", {"signature_data": "YWJj"})
READY: dict[str, Callable[[Story, str], dict[str, str]]] = {
    "POST applications/{id}/approve": _ready(SUBMIT),
    "POST applications/{id}/reject": _ready(SUBMIT),
    "POST contracts/{id}/terminate": _ready(SIGN),
    "POST audit-schedules/{id}/start": _led_audit,
    "POST audit-schedules/{id}/complete": _started_audit,
    "POST quotations/{id}/accept": lambda story, resource: story.after(
        resource, ("PUT", "", _later())
    ),
    "PUT non-conformities/{id}": _answered,
    "POST non-conformities/{id}/close": _closable,
    "POST certificates/{id}/reinstate": _suspended,
    "POST certificates/{id}/renew": _renewable,
    "GET certificates/verify/{number}": lambda *_: {},
    "DELETE roles/{id}/permissions/{permission_id}": _given_permission,
    "DELETE users/{id}/roles/{role_id}": _given_role,
}
PARENTS: dict[str, Callable[[Story], dict[str, str]]] = {
    "payments": lambda story: {"invoices": story.fresh("invoices")["invoices"]},
    "auditor-competencies": lambda story: {"users": story.fresh("users")["users"]},
    "audit-teams": lambda story: {
        "audit-schedules": story.fresh("audit-schedules")["audit-schedules"],
        "users": _lead(story),
    },
    "non-conformities": lambda story: {"audit-schedules": story.made["stage2-audits"]},
    "certificates": _for_certificate,
}
SKIPPED = {
    "POST auth/login": "tests/server/intact_api/test_access.py",
    "POST auth/logout": "the same",
    "POST auth/change-password": "the same",
}


def test_each_example_is_answered_as_it_is_printed(server: Server) -> None:
    story = Story(server)
    told = [story.tell(row) for row in rows() if row.name not in SKIPPED]
    faults = [one for one in told if one]
    assert not faults, f"{len(faults)} of {len(told)}:\n" + "\n".join(faults)
    assert len(told) > 170
