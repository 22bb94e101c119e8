"""A push as the server takes it in: what it does not expect costs time, never an operation."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select

from intact_core import canonical, ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_core.sync.operations import GENESIS, link
from sync_server.api.sync import bodies, rounds
from sync_server.tables.ledger import AuditLog, FeedChange, OpReceipt, RecordHead
from tests.server.conftest import Laptop, Server

LEAD = "lead@demo.example"
Change = dict[str, object]


@pytest.fixture
def audit_id(server: Server) -> UUID:
    with server.database.read(server.tenant_of(LEAD)) as session:
        query = select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        return session.scalars(query).one()


@pytest.fixture
def item(server: Server, audit_id: UUID) -> AuditChecklist:
    with server.database.read(server.tenant_of(LEAD)) as session:
        query = select(AuditChecklist).where(AuditChecklist.audit_schedule_id == audit_id)
        return session.scalars(query.order_by(AuditChecklist.position)).first()


def create(audit_id: UUID, tenant_id: UUID, id_: UUID, words: str) -> Change:
    values = {
        "tenant_id": str(tenant_id),
        "id": str(id_),
        "created_at": "2026-03-02T09:00:00.000000Z",
        "audit_schedule_id": str(audit_id),
        "clause_reference": "8.1",
        "requirement": words,
        "position": 1,
    }
    changes = {name: [None, value] for name, value in values.items()}
    return {"id": str(id_), "kind": "create", "base_rev": 0, "changes": changes}


def push(laptop: Laptop, operations: list[Change]) -> list[dict[str, object]]:
    """Each operation is an action of its own; the receipts."""
    answer = laptop.connect().post("/sync/v1/push", content=body_of(laptop, operations))
    assert answer.status_code == 200, answer.text
    return answer.json()["receipts"]


def body_of(laptop: Laptop, operations: list[Change]) -> bytes:
    chain, values = GENESIS, []
    for n, operation in enumerate(operations, 1):
        one = {
            "n": n,
            "op_id": str(ids.new_id()),
            "txn_id": str(ids.new_id()),
            "type": "audit_checklists",
            "wall_time": "2026-03-02T09:00:00Z",
            **operation,
        }
        chain = link(chain, canonical.dumps(one))
        values.append(one)
    signature = laptop.key.sign(chain.encode(), ec.ECDSA(hashes.SHA256())).hex()
    body = {"protocol": 3, "prev_hash": GENESIS, "signature": signature, "operations": values}
    return canonical.dumps(body)


def test_a_record_made_twice_stops_none_of_its_neighbours(
    server: Server, audit_id: UUID, item: AuditChecklist
) -> None:
    laptop, tenant_id = Laptop(server, LEAD), server.tenant_of(LEAD)
    before, after = ids.new_id(), ids.new_id()
    receipts = push(
        laptop,
        [
            create(audit_id, tenant_id, before, "Before"),
            create(audit_id, tenant_id, item.id, "The same record with other words"),
            create(audit_id, tenant_id, after, "After"),
        ],
    )
    verdicts = [(one["verdict"], one.get("reason")) for one in receipts]
    assert verdicts == [("applied", None), ("quarantined", "exists"), ("applied", None)]
    with server.database.read(tenant_id) as session:
        assert session.get_one(AuditChecklist, (tenant_id, item.id)).requirement == item.requirement
        for id_, words in ((before, "Before"), (after, "After")):
            assert session.get_one(AuditChecklist, (tenant_id, id_)).requirement == words
        device = UUID(laptop.enrolment["device_id"])
        kept = select(func.count()).select_from(OpReceipt).where(OpReceipt.device_id == device)
        assert session.scalar(kept) == 3


def test_receipts_rows_feed_heads_and_log_agree(
    server: Server, audit_id: UUID, item: AuditChecklist
) -> None:
    laptop, tenant_id = Laptop(server, LEAD), server.tenant_of(LEAD)
    new = ids.new_id()
    words = 'Ünï, "quoted" and \\ more, with \' and % and {braces}'
    edit = {"auditor_finding": [None, words], "rating": [None, "minor"]}
    operations = [
        create(audit_id, tenant_id, new, words),
        {"id": str(item.id), "kind": "update", "base_rev": 1, "changes": edit},
        {
            "id": str(new),
            "kind": "update",
            "base_rev": 1,
            "changes": {"auditor_finding": [None, "Seen"]},
        },
    ]
    assert [one["verdict"] for one in push(laptop, operations)] == ["applied"] * 3
    with server.database.read(tenant_id) as session:
        made = session.get_one(AuditChecklist, (tenant_id, new))
        assert (made.requirement, made.auditor_finding) == (words, "Seen")
        edited = session.get_one(AuditChecklist, (tenant_id, item.id))
        assert (edited.auditor_finding, edited.rating) == (words, "minor")
        head = session.get_one(RecordHead, (tenant_id, "audit_checklists", new))
        query = select(FeedChange).where(FeedChange.record_id == new).order_by(FeedChange.seq)
        first, second = session.scalars(query)
        assert (head.rev, first.rev, second.rev) == (2, 1, 2)
        assert canonical.loads(first.patch)["requirement"] == words
        assert canonical.loads(second.patch) == {"auditor_finding": "Seen"}
        assert first.actor == made_by(laptop)
        log = select(AuditLog).where(AuditLog.tenant_id == tenant_id).order_by(AuditLog.seq)
        assert_chained(list(session.scalars(log)))


def made_by(laptop: Laptop) -> UUID:
    return UUID(laptop.enrolment["user_id"])


def assert_chained(entries: list[AuditLog]) -> None:
    """Each entry's hash follows from the one before and from what the entry says."""
    said = ("seq", "user_id", "device_id", "action", "resource_type", "resource_id", "at")
    last = GENESIS
    for entry in entries:
        row = {name: getattr(entry, name) for name in (*said, "new_values")}
        # Of entries from before these columns nothing is said.
        later = {name: getattr(entry, name) for name in ("old_values", "ip_address")}
        row |= {name: value for name, value in later.items() if value is not None}
        assert entry.prev_hash == last
        last = link(last, canonical.dumps(row))
        assert entry.hash == last
    assert len(entries) > 3


@pytest.mark.parametrize("left_out", ["audit_schedule_id", "requirement", "id", "tenant_id"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_record_without_a_needed_value_stops_none_of_its_neighbours(
    server: Server, audit_id: UUID, left_out: str, empty: bool
) -> None:
    laptop, tenant_id = Laptop(server, LEAD), server.tenant_of(LEAD)
    faulty = create(audit_id, tenant_id, ids.new_id(), "Not whole")
    if empty:
        faulty["changes"][left_out] = [None, None]
    else:
        del faulty["changes"][left_out]
    first, second = push(laptop, [faulty, create(audit_id, tenant_id, ids.new_id(), "Whole")])
    assert second["verdict"] == "applied"
    # Which record it is, and whose, stands in the operation itself.
    if left_out in {"id", "tenant_id"}:
        assert first["verdict"] == "applied"
    else:
        assert first["reason"] == "required"
        assert first["sentence"] == f"{left_out} must not be empty."


def test_a_push_waits_for_its_turn_and_is_sent_on_to_a_process_that_is_free(
    server: Server, audit_id: UUID
) -> None:
    laptop, tenant_id = Laptop(server, LEAD), server.tenant_of(LEAD)
    body = body_of(laptop, [create(audit_id, tenant_id, ids.new_id(), "New")])
    client = laptop.connect()
    with ThreadPoolExecutor(1) as pool:
        with ExitStack() as others:
            for _ in range(rounds.AT_ONCE):
                others.enter_context(rounds.turn())
            waiting = pool.submit(client.post, "/sync/v1/push", content=body)
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
        waited = waiting.result(30)
    assert waited.json()["receipts"][0]["verdict"] == "applied"
    assert waited.headers["connection"] == "close"
    at_once = client.post("/sync/v1/push", content=body)
    assert at_once.json()["receipts"] == waited.json()["receipts"]
    assert "connection" not in at_once.headers


def test_a_push_that_gets_no_turn_is_told_to_come_again(
    server: Server, audit_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, tenant_id = Laptop(server, LEAD), server.tenant_of(LEAD)
    body = body_of(laptop, [create(audit_id, tenant_id, ids.new_id(), "New")])
    client = laptop.connect()
    with ExitStack() as others, monkeypatch.context() as patch:
        patch.setattr(bodies, "PATIENCE_SECONDS", 0.2)
        for _ in range(rounds.AT_ONCE):
            others.enter_context(rounds.turn())
        refused = client.post("/sync/v1/push", content=body)
    assert refused.status_code == 503
    assert "later" in refused.json()["sentence"]
    assert client.post("/sync/v1/push", content=body).json()["receipts"][0]["verdict"] == "applied"


def test_the_sign_between_texts_is_kept_in_words_and_refused_bare(
    server: Server, audit_id: UUID
) -> None:
    laptop, tenant_id, words = Laptop(server, LEAD), server.tenant_of(LEAD), "One\x1fTwo"
    ids_ = [ids.new_id() for _ in range(3)]
    body = body_of(laptop, [create(audit_id, tenant_id, one, words) for one in ids_])
    client = laptop.connect()
    bare = client.post("/sync/v1/push", content=body.replace(b"\\u001f", b"\x1f"))
    assert (bare.status_code, "message" in bare.text) == (400, True)
    taken = client.post("/sync/v1/push", content=body).json()["receipts"]
    assert [one["verdict"] for one in taken] == ["applied"] * 3
    again = client.post("/sync/v1/push", content=body).json()["receipts"]
    assert again == taken
    with server.database.read(tenant_id) as session:
        for id_ in ids_:
            assert session.get_one(AuditChecklist, (tenant_id, id_)).requirement == words
            query = select(FeedChange.patch).where(FeedChange.record_id == id_)
            assert canonical.loads(session.scalars(query).one())["requirement"] == words
