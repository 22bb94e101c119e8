"""What the tests of the API's subjects have in common: asking, refusing, two at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi.testclient import TestClient

from intact_core import clock
from tests.server.conftest import Server
from tests.server.intact_api import together
from tests.server.intact_api.deciding import LEAD, account_of, demo_standard
from tests.server.intact_api.samples_audits import MEMBER, SCHEDULE

OFFICE, AUDITOR, REVIEWER = "cbadmin@demo.example", "auditor@demo.example", "reviewer@demo.example"
CLIENT = "client@demo.example"


def api(path: str) -> str:
    return f"/api/v1/{path}"


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["success"] is True
    return body["data"]


def refused(answer: Any, status: int, *words: str) -> None:
    """The envelope of an error; `words` stand in its sentence, code or clause."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["success"], body["status_code"]) == (False, status)
    told = f"{body['message']} | {body.get('code')} | {body.get('clause')}"
    for word in words:
        assert word in told, told


def acme(client: TestClient) -> str:
    """The demo's client, whose representative can sign in."""
    return ok(client.get(api("clients?search=Acme")))[0]["id"]


def new_audit(client: TestClient, client_id: str, **other: Any) -> str:
    """An audit from today on the demo's standard, without a team."""
    today = clock.today()
    body = SCHEDULE | {
        "client_id": client_id,
        "standard_id": demo_standard(client.app),
        "scheduled_start_date": str(today),
        "scheduled_end_date": str(today + timedelta(days=2)),
        **other,
    }
    return ok(client.post(api("audit-schedules"), json=body), 201)["id"]


def assign(client: TestClient, audit: str, email: str = LEAD, **other: Any) -> Any:
    """Ask for a person to be put on the team: as lead, unless said."""
    person = str(account_of(client.app, email).user_id)
    body = {"audit_schedule_id": audit, "user_id": person, **(other or MEMBER)}
    return client.post(api("audit-teams"), json=body)


def at_once(server: Server, act: Callable[[TestClient], Any], email: str = OFFICE) -> list[int]:
    """The statuses that two people get who do the same at the same moment, sorted."""
    clients = [server.bearer(email) for _ in range(2)]
    answers = together.at_once(*(partial(act, client) for client in clients))
    return sorted(int(answer.status_code) for answer in answers)
