"""Operations of a newer version: kept while the server is older, taken up once it is updated."""

from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from sqlalchemy import select

from intact_core import canonical, ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.base import SCHEMA_VERSION
from intact_core.records.checklist import AuditChecklist
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import GENESIS, Operation, link
from intact_core.sync.protocol import PROTOCOL_VERSION
from sync_server.ledger.ingest import Source, decide_again
from sync_server.services.newer_laptops import TAKEN_UP, take_up
from sync_server.tables.ledger import AuditLog, Device, OpReceipt
from tests.server.conftest import Laptop, Server

LEAD, OFFICE = "lead@demo.example", "cbadmin@demo.example"
NEXT = SCHEMA_VERSION + 1
WORDS = "Seen by a newer laptop"


@pytest.fixture
def laptop(server: Server) -> Laptop:
    return Laptop(server, LEAD)


def audit_of(server: Server) -> UUID:
    with server.database.read(server.tenant_of(LEAD)) as session:
        return session.scalars(
            select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        ).one()


def pushed(laptop: Laptop, *operations: dict[str, object]) -> list[tuple[str, str | None]]:
    """Push operations of the next version; verdicts and reasons."""
    raws, chain = [], GENESIS
    for n, operation in enumerate(operations, 1):
        values = {
            "n": n,
            "op_id": str(ids.new_id()),
            "txn_id": str(ids.new_id()),
            "type": "audit_checklists",
            "kind": "update",
            "base_rev": 1,
            "wall_time": "2026-03-02T09:00:00Z",
            "schema_version": NEXT,
            **operation,
        }
        raws.append(canonical.dumps(values))
        chain = link(chain, raws[-1])
    signature = laptop.key.sign(chain.encode(), ec.ECDSA(hashes.SHA256())).hex()
    head = {"protocol": PROTOCOL_VERSION, "prev_hash": GENESIS, "signature": signature}
    body = canonical.dumps({**head, "operations": []}).replace(b"[]", b"[" + b",".join(raws) + b"]")
    answer = laptop.connect().post("/sync/v1/push", content=body)
    assert answer.status_code == 200, answer.text
    return [(one["verdict"], one.get("reason")) for one in answer.json()["receipts"]]


def new_item(laptop: Laptop, id_: UUID, tenant_id: UUID) -> None:
    """What the operation was about is known to the server now."""
    audit_id = audit_of(laptop.server)
    with laptop.server.database.write(tenant_id) as session:
        session.add(
            AuditChecklist(
                id=id_,
                audit_schedule_id=audit_id,
                clause_reference="4.1",
                requirement="New",
                position=99,
            )
        )


def wanted(server: Server, id_: UUID) -> str | None:
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        return session.get_one(AuditChecklist, (tenant_id, id_)).auditor_finding


def test_what_this_server_does_not_know_is_kept_and_stops_nothing(
    server: Server, laptop: Laptop
) -> None:
    with server.database.read(server.tenant_of(LEAD)) as session:
        query = select(AuditChecklist.id).where(
            AuditChecklist.audit_schedule_id == audit_of(server)
        )
        item = session.scalars(query.order_by(AuditChecklist.position)).first()
    verdicts = pushed(
        laptop,
        {"id": str(item), "changes": {"weather": [None, "rain"]}},
        {"id": str(ids.new_id()), "type": "site_moods", "kind": "create", "changes": {}},
        {"id": str(item), "changes": {"clause_reference": ["", "9.9"]}},
        {"id": str(item), "changes": {"auditor_finding": [None, WORDS]}},
    )
    older = ("quarantined", "server_older")
    assert verdicts == [older, older, ("quarantined", "fixed"), ("applied", None)]
    assert wanted(server, item) == WORDS
    assert "older than this laptop" in server.person(OFFICE).get("/set-aside")


def test_it_counts_once_the_server_is_updated(server: Server, laptop: Laptop) -> None:
    tenant_id, item = server.tenant_of(LEAD), ids.new_id()
    changes = {"auditor_finding": [None, WORDS]}
    assert pushed(laptop, {"id": str(item), "changes": changes}) == [
        ("quarantined", "server_older")
    ]
    new_item(laptop, item, tenant_id)
    assert take_up(server.database) == 0, "this version was begun already"
    assert take_up(server.database, NEXT) == 1
    assert wanted(server, item) == WORDS
    assert take_up(server.database, NEXT) == 0
    assert take_up(server.database, NEXT + 1) == 0, "what counts is not taken up twice"
    assert "Nothing waits" in server.person(OFFICE).get("/set-aside")
    with server.database.read(tenant_id) as session:
        [entry] = session.scalars(select(AuditLog).where(AuditLog.action == TAKEN_UP))
    assert entry.user_id == server.account(LEAD).user_id
    assert entry.device_id == UUID(laptop.enrolment["device_id"])


def test_what_the_same_laptop_wrote_later_stays(server: Server, laptop: Laptop) -> None:
    tenant_id, item = server.tenant_of(LEAD), ids.new_id()
    new_item(laptop, item, tenant_id)
    unknown = {"weather": [None, "rain"], "auditor_finding": [None, "first"]}
    verdicts = pushed(
        laptop,
        {"id": str(item), "changes": unknown},
        {"id": str(item), "changes": {"auditor_finding": [None, "second"]}},
    )
    assert verdicts == [("quarantined", "server_older"), ("applied", None)]
    source = Source(tenant_id, UUID(laptop.enrolment["device_id"]), Actor(None, system=True), None)
    with server.database.write(tenant_id) as session:
        raw = session.scalars(select(OpReceipt.raw).where(OpReceipt.n == 1)).one()
        known = msgspec.json.decode(raw, type=Operation)
        # As the updated server reads it, but for the field that this one cannot have.
        known = replace(known, changes={"auditor_finding": known.changes["auditor_finding"]})
        [receipt] = decide_again(session.connection(), source, [known])
    assert receipt.verdict == "no_change"
    assert wanted(server, item) == "second"


def test_what_still_cannot_count_waits_for_the_office(server: Server, laptop: Laptop) -> None:
    changes = {"auditor_finding": [None, WORDS]}
    pushed(laptop, {"id": str(ids.new_id()), "changes": changes})
    assert take_up(server.database, NEXT) == 0
    assert WORDS in server.person(OFFICE).get("/set-aside")


def test_a_laptop_that_was_withdrawn_meanwhile_writes_nothing(
    server: Server, laptop: Laptop
) -> None:
    tenant_id, item = server.tenant_of(LEAD), ids.new_id()
    pushed(laptop, {"id": str(item), "changes": {"auditor_finding": [None, WORDS]}})
    new_item(laptop, item, tenant_id)
    with server.database.write(tenant_id) as session:
        device = session.get_one(Device, (tenant_id, UUID(laptop.enrolment["device_id"])))
        device.revoked_at = device.enrolled_at
    assert take_up(server.database, NEXT) == 0
    assert wanted(server, item) is None
    assert WORDS in server.person(OFFICE).get("/set-aside")
