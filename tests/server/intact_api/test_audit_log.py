"""The audit log: who came and went, what was changed from what to what, and that it is whole."""

import hashlib
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, text

from intact_core.records.checklist import AuditChecklist
from sync_server.tables.ledger import AuditLog
from tests.server.conftest import Laptop, Server
from tests.server.intact_api.test_access import data, refused
from tests.server.test_newer_laptops import audit_of, pushed

ADMIN, LEAD = "cbadmin@demo.example", "lead@demo.example"
LOG = "/api/v1/audit-logs"


def test_coming_and_going_is_logged_with_the_address(server: Server) -> None:
    lead = server.bearer(LEAD)
    lead.post("/api/v1/auth/logout")
    server.person(LEAD).done("/sign-out")
    admin, account = server.bearer(ADMIN), server.account(LEAD)
    found = admin.get(f"{LOG}?user_id={account.user_id}&resource_type=user").json()["data"]
    assert [(one["action"], one["new_values"]["what"]) for one in found] == [
        ("LOGOUT", "browser"),
        ("LOGIN", "browser"),
        ("LOGOUT", "token"),
        ("LOGIN", "token"),
    ]
    assert {(one["ip_address"], one["resource_id"]) for one in found} == {
        ("testclient", str(account.user_id))
    }
    wrong = {"email": LEAD, "password": "no"}
    server.client().post("/api/v1/auth/login", json=wrong)
    assert (
        admin.get(f"{LOG}?action=LOGIN&user_id={account.user_id}").json()["pagination"]["total"]
        == 2
    )


def test_a_change_shows_what_was_and_what_is(server: Server) -> None:
    admin = server.bearer(ADMIN)
    made = data(admin.post("/api/v1/clients", json={"legal_name": "Old", "currency": "KES"}))
    path = f"/api/v1/clients/{made['id']}"
    admin.put(path, json={"legal_name": "New", "currency": "KES"})
    admin.delete(path)
    listed = admin.get(f"{LOG}?resource_type=client&limit=3").json()["data"]
    assert [one["action"] for one in listed] == ["DELETE", "UPDATE", "CREATE"]
    _, changed, created = listed
    assert (changed["old_values"], changed["new_values"]) == (
        {"legal_name": "Old"},
        {"legal_name": "New"},
    )
    assert created["old_values"] is None
    assert created["new_values"]["legal_name"] == "Old"
    assert {one["resource_id"] for one in listed} == {made["id"]}
    assert {one["ip_address"] for one in listed} == {"testclient"}
    assert data(admin.get(f"{LOG}/{changed['id']}")) == changed


def test_a_laptops_change_shows_it_too(server: Server) -> None:
    laptop, tenant = Laptop(server, LEAD), server.tenant_of(LEAD)
    audit_id = audit_of(server)
    with server.database.read(tenant) as session:
        mine = AuditChecklist.audit_schedule_id == audit_id
        item = session.scalars(select(AuditChecklist.id).where(mine).limit(1)).one()
    changes = {"auditor_finding": [None, "Seen"]}
    assert pushed(laptop, {"id": str(item), "changes": changes}) == [("applied", None)]
    log = server.bearer(ADMIN).get(f"{LOG}?resource_type=audit_checklist&limit=1").json()
    [entry] = log["data"]
    assert (entry["old_values"], entry["new_values"]) == (
        {"auditor_finding": None},
        {"auditor_finding": "Seen"},
    )
    assert (entry["device_id"], entry["ip_address"]) == (
        laptop.enrolment["device_id"],
        "testclient",
    )


def test_the_log_is_filtered_by_days_that_both_count(server: Server, frozen_clock) -> None:
    admin = server.bearer(ADMIN)
    today = frozen_clock.moment.date()
    frozen_clock.advance(timedelta(days=1))
    server.bearer(ADMIN)
    frozen_clock.advance(timedelta(days=1))
    admin = server.bearer(ADMIN)

    def count(start: int | None, end: int | None) -> int:
        days = {"start_date": start, "end_date": end}
        asked = {
            name: str(today + timedelta(days=day)) for name, day in days.items() if day is not None
        }
        answer = admin.get(LOG, params={"action": "login", **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()["pagination"]["total"]

    assert [count(0, 0), count(0, 1), count(1, 1), count(1, None), count(None, 0)] == [
        1,
        2,
        1,
        2,
        1,
    ]
    assert count(3, None) == count(2, 1) == 0
    assert admin.get(LOG, params={"end_date": "9999-12-31"}).status_code == 200
    refused(admin.get(LOG, params={"end_date": "tomorrow"}), 400)


def test_the_log_is_read_and_nothing_else(server: Server) -> None:
    admin = server.bearer(ADMIN)
    [newest] = admin.get(f"{LOG}?limit=1").json()["data"]
    for verb in ("PUT", "PATCH", "DELETE"):
        refused(admin.request(verb, f"{LOG}/{newest['id']}", json={}), 405)
    refused(admin.post(LOG, json={}), 405)
    rival = server.bearer("cbadmin@rival.example")
    assert refused(rival.get(f"{LOG}/{newest['id']}"), 404).startswith("There is no such entry")
    assert newest["user_id"] not in rival.get(f"{LOG}?limit=100").text
    refused(server.bearer(LEAD).get(LOG), 403)


def test_the_chain_holds_and_a_changed_entry_is_found(server: Server) -> None:
    admin, tenant = server.bearer(ADMIN), server.tenant_of(ADMIN)
    admin.put(f"/api/v1/tenants/{tenant}", json={"country": "Uganda"})
    with server.database.read(tenant) as session:
        mine = select(AuditLog).where(AuditLog.tenant_id == tenant)
        rows = session.scalars(mine.order_by(AuditLog.seq)).all()
    assert len(rows) > 100
    last = rows[0].prev_hash
    for row in rows:
        # Once more by hand, without a line of the product.
        entry = {
            "seq": row.seq,
            "user_id": row.user_id,
            "device_id": row.device_id,
            "action": row.action,
            "resource_type": row.resource_type,
            "resource_id": row.resource_id,
            "new_values": row.new_values,
            "at": row.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").replace(".000000Z", "Z"),
        }
        later = {"old_values": row.old_values, "ip_address": row.ip_address}
        entry |= {name: value for name, value in later.items() if value is not None}
        told = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
        assert row.prev_hash == last
        last = hashlib.sha256(last.encode() + told).hexdigest()
        assert row.hash == last, row.seq
    assert rows[-1].old_values == '{"country":"Kenya"}'
    told = data(admin.get(f"{LOG}/verify"))
    assert told == {
        "is_whole": True,
        "entries": len(rows),
        "last_hash": last,
        "broken_at": None,
    }


def forge(server: Server, statement: str) -> None:
    """As somebody who owns the database: past its triggers and rights."""
    with server.database.engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS audit_logs_no_{verb}"))
        connection.execute(text(statement))


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
def test_a_forged_log_is_found_wherever_it_was_touched(server: Server) -> None:
    tenant = server.tenant_of(ADMIN)
    mine = f"tenant_id = '{tenant.hex}'"
    admin = server.bearer(ADMIN)
    entries = data(admin.get(f"{LOG}/verify"))["entries"]
    for statement, found in (
        (f"DELETE FROM audit_logs WHERE seq = {entries} AND {mine}", entries),
        (f"UPDATE audit_logs SET ip_address = '10.0.0.9' WHERE seq = 90 AND {mine}", 90),
        (f"UPDATE audit_logs SET old_values = '{{}}' WHERE seq = 70 AND {mine}", 70),
        (f"UPDATE audit_logs SET new_values = '{{}}' WHERE seq = 50 AND {mine}", 50),
        (f"DELETE FROM audit_logs WHERE seq = 30 AND {mine}", 30),
        (f"UPDATE audit_logs SET user_id = '{tenant.hex}' WHERE seq = 10 AND {mine}", 10),
    ):
        forge(server, statement)
        told = data(admin.get(f"{LOG}/verify"))
        assert (told["is_whole"], told["broken_at"]) == (False, found), statement
        assert told["entries"] == found - 1
