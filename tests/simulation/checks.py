"""What must hold once everything has healed, read from the tables and worked out again here."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, select, text
from sqlalchemy.engine import Connection

from intact_core.records.catalogue import TYPES, TypeSpec, spec_of
from tests.simulation.laptops import SimLaptop
from tests.simulation.office import Office
from tests.simulation.sim import Sim

GENESIS = "0" * 64
Ref = tuple[str, str]
Rows = dict[Ref, tuple[str, int, dict[str, Any]]]
"""For each record its scope, version and body without empty fields."""


def check(sim: Sim) -> None:
    """All of it."""
    with sim.office.read() as session:
        connection = session.connection()
        server = server_rows(connection)
        _heads_are_true(connection, server)
        epochs = connection.scalar(text("SELECT count(*) FROM server_epoch"))
        assert epochs <= 1 + sim.restored, "a new epoch without a restored server"
        _model_agrees(sim, server)
        for laptop in sim.laptops:
            _chain_is_whole(connection, laptop, verdicts=not sim.restored)
        kept = _kept_texts(connection)
    for laptop in sim.laptops:
        with laptop.look() as connection:
            is_on = laptop.member.user_id in sim.ledger.members
            _laptop_is_level(laptop, connection, server, is_on=is_on)
            _nothing_waits(connection)
            kept |= _visible_texts(connection)
    _every_value_is_somewhere(sim, kept)
    _photos_are_safe(sim)


def row_hash(ref: Ref, rev: int, body: dict[str, Any]) -> int:
    """The hash of a row as the protocol defines it, worked out without the product's code."""
    canonical = json.dumps(
        [ref[0], ref[1], rev, body], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return int(hashlib.sha256(canonical.encode()).hexdigest(), 16)


def digest_of(rows: Iterable[tuple[Ref, tuple[str, int, dict[str, Any]]]]) -> str:
    """Sum of the hashes modulo 2^256."""
    return f"{sum(row_hash(ref, rev, body) for ref, (_, rev, body) in rows) % (1 << 256):064x}"


@cache
def _all_of(table: Table) -> Select[Any]:
    return select(table)


def _bodies(connection: Connection, spec: TypeSpec) -> dict[str, dict[str, Any]]:
    found = {}
    for row in connection.execute(_all_of(spec.table)).mappings():
        body = spec.wire(dict(row))
        found[body["id"]] = {name: value for name, value in body.items() if value is not None}
    return found


def server_rows(connection: Connection) -> Rows:
    """Every record on the server, from the tables of the records and their heads."""
    heads = connection.execute(text("SELECT type, id, scope, rev FROM record_head")).all()
    bodies = {type_: _bodies(connection, spec_of(type_)) for type_ in {row.type for row in heads}}
    found: Rows = {}
    for type_, id_, scope, rev in heads:
        key = str(UUID(str(id_)))
        found[type_, key] = (scope, rev, bodies[type_][key])
    return found


def _heads_are_true(connection: Connection, server: Rows) -> None:
    heads = connection.execute(text("SELECT scope, seq, digest FROM scope_head")).all()
    feed = connection.execute(text("SELECT scope, seq FROM change ORDER BY scope, seq")).all()
    for scope, seq, digest in heads:
        if scope == "log":
            continue
        seqs = [row.seq for row in feed if row.scope == scope]
        assert seqs == list(range(1, seq + 1)), f"the feed of {scope} has a hole"
        mine = digest_of((ref, row) for ref, row in server.items() if row[0] == scope)
        assert digest == mine, f"the digest of {scope} is not that of its rows"


def _chain_is_whole(server: Connection, laptop: SimLaptop, *, verdicts: bool) -> None:
    with laptop.look() as connection:
        rows = connection.exec_driver_sql("SELECT n, raw, hash, verdict FROM outbox ORDER BY n")
        mine = [tuple(row) for row in rows]
        n, chain = connection.exec_driver_sql("SELECT last_n, chain_hash FROM device").one()
    last = GENESIS
    for place, (number, raw, link, _) in enumerate(mine, 1):
        last = hashlib.sha256(last.encode() + raw.encode()).hexdigest()
        assert (number, link) == (place, last), "the outbox's chain has a hole"
    assert (n, chain) == (len(mine), last), "the device's row tells of another chain"
    held = _held(server, laptop.device_id, len(mine))
    # A restored server decides again; a copied laptop need not hear of what its twin sent.
    columns = 4 if verdicts else 3
    assert [row[:columns] for row in held] == [row[:columns] for row in mine], "other operations"


def _held(server: Connection, device: UUID, until: int) -> list[tuple[Any, ...]]:
    """The operations that the server holds of a device and those that it goes on from."""
    key = device.hex if server.dialect.name == "sqlite" else device
    parent, start = server.execute(
        text("SELECT parent_id, parent_n FROM device WHERE id = :d"), {"d": key}
    ).one()
    before = _held(server, UUID(str(parent)), min(start, until)) if parent is not None else []
    query = text(
        "SELECT n, raw, hash, verdict FROM op_receipt WHERE device_id = :d AND n <= :n ORDER BY n"
    )
    return before + [tuple(row) for row in server.execute(query, {"d": key, "n": until})]


def level(office: Office, laptop: SimLaptop) -> None:
    """Laptop and server hold the same, and nothing waits; without asking a model."""
    with office.read() as session, laptop.look() as mine:
        connection = session.connection()
        server = server_rows(connection)
        _heads_are_true(connection, server)
        _chain_is_whole(connection, laptop, verdicts=True)
        _laptop_is_level(laptop, mine, server, is_on=True)
        _nothing_waits(mine)


def _laptop_is_level(
    laptop: SimLaptop, connection: Connection, server: Rows, *, is_on: bool
) -> None:
    base = confirmed_rows(connection)
    cursors = dict(connection.exec_driver_sql("SELECT scope, digest FROM cursor").all())
    for scope, digest in cursors.items():
        mine = {ref: row for ref, row in base.items() if row[0] == scope}
        assert digest == digest_of(mine.items()), f"{laptop.number}: the digest of {scope} lies"
        lost = scope.startswith("audit:") and not is_on
        theirs = {ref: row for ref, row in server.items() if row[0] == scope}
        assert lost or mine == theirs, f"{laptop.number}: not level in {scope}"
    _working_is_base(laptop, connection, base)


def confirmed_rows(connection: Connection) -> Rows:
    """What a laptop holds as the server confirmed it: texts, and rows that are just that."""
    found: Rows = {}
    query = "SELECT type, id, scope, rev, body FROM base_row"
    for type_, id_, scope, rev, body in connection.exec_driver_sql(query):
        filled = {name: value for name, value in json.loads(body).items() if value is not None}
        found[type_, str(UUID(id_))] = (scope, rev, filled)
    for name in sorted(_types_in_use(connection)):
        spec = spec_of(name)
        bodies = _bodies(connection, spec)
        query = f"SELECT id, base_rev FROM {name} WHERE base_rev IS NOT NULL"
        for id_, rev in connection.exec_driver_sql(query):
            ref = (name, str(UUID(id_)))
            assert ref not in found, f"{ref} is confirmed twice"
            body = bodies[ref[1]]
            found[ref] = (spec.scope.key(body), rev, body)
    return found


def _types_in_use(connection: Connection) -> set[str]:
    """Most tables are empty, and asking one by one takes longer than all else here."""
    asked = (
        f"SELECT '{spec.name}' WHERE EXISTS (SELECT 1 FROM {spec.table.name})"
        for spec in TYPES.values()
    )
    return set(connection.exec_driver_sql(" UNION ALL ".join(asked)).scalars())


def _working_is_base(laptop: SimLaptop, connection: Connection, base: Rows) -> None:
    in_use = _types_in_use(connection)
    for spec in TYPES.values():
        bodies = _bodies(connection, spec) if spec.name in in_use else {}
        confirmed = {ref[1]: row[2] for ref, row in base.items() if ref[0] == spec.name}
        for id_, body in bodies.items():
            # What the server refused to create is out of the lists, and in the outbox.
            hidden = id_ not in confirmed and "deleted_at" in body
            assert hidden or body == confirmed.get(id_), f"{laptop.number}: {spec.name} {id_}"
        assert confirmed.keys() <= bodies.keys(), f"{laptop.number}: {spec.name} lacks rows"


def _nothing_waits(connection: Connection) -> None:
    unsent = connection.exec_driver_sql("SELECT n FROM outbox WHERE verdict IS NULL").all()
    assert not unsent, "operations still wait"
    files = connection.exec_driver_sql("SELECT count(*) FROM blob WHERE state = 'pending'")
    assert files.scalar_one() == 0, "photos still wait"


def _model_agrees(sim: Sim, server: Rows) -> None:
    wished: dict[tuple[str, object], set[str]] = {}
    for wish in sim.wishes.values():
        wished.setdefault((wish.type, wish.id), set()).update(wish.fields)
    for ref, row in sim.ledger.rows.items():
        if ref[0] == "conflicts":
            continue
        wanted = {name: value for name, value in row.fields.items() if value is not None}
        body = server[str(ref[0]), str(ref[1])][2]
        names = row.fields.keys() | wished.get(ref, set())
        have = {name: body[name] for name in names if name in body}
        assert have == wanted, f"{ref}: the server has {have}, the model {wanted}"
    numbers = {str(id_): number for id_, number in sim.ledger.names.items()}
    shown = {
        numbers.get(ref[1], -1): (body["server"], body["incoming"])
        for ref, (_, _, body) in server.items()
        if ref[0] == "conflicts" and body["state"] == "open"
    }
    wanted_open = sim.ledger.open_disputes()
    assert shown.keys() == wanted_open.keys(), "other conflicts are open than the model predicts"
    for number, dispute in wanted_open.items():
        has, wants = shown[number]
        assert has.items() >= dispute.server.items(), "a conflict shows another server's side"
        assert wants == dispute.incoming, "a conflict shows another incoming side"


def _kept_texts(connection: Connection) -> set[str]:
    """Texts in the server's history, conflicts and refused operations."""
    found: set[str] = set()
    for (patch,) in connection.execute(text("SELECT patch FROM change")):
        _gather(json.loads(patch), found)
    # A conflict shows the newest value of each side; an older one stays in its receipt.
    query = text("SELECT raw FROM op_receipt WHERE verdict IN ('conflict', 'quarantined')")
    for (raw,) in connection.execute(query):
        _gather(json.loads(raw)["changes"], found)
    return found


def _visible_texts(connection: Connection) -> set[str]:
    """Texts that the laptop shows as not accepted."""
    found: set[str] = set()
    query = "SELECT raw FROM outbox WHERE verdict = 'quarantined'"
    for (raw,) in connection.exec_driver_sql(query):
        _gather(json.loads(raw)["changes"], found)
    return found


def _gather(value: Any, found: set[str]) -> None:
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, dict):
        for one in value.values():
            _gather(one, found)
    elif isinstance(value, list):
        for one in value:
            _gather(one, found)


def _every_value_is_somewhere(sim: Sim, kept: set[str]) -> None:
    for wish in (one for op_id, one in sim.wishes.items() if op_id not in sim.gone):
        for name, value in wish.fields.items():
            is_text = isinstance(value, str) and value[:1] in "vp" and value[-4:].isdigit()
            assert not is_text or value in kept, f"{wish.type}.{name} {value} is nowhere"


def _photos_are_safe(sim: Sim) -> None:
    somewhere: set[str] = set()
    burnt = bool(sim.copies) or sim.restored > 0
    for laptop in sim.laptops:
        with laptop.look() as connection:
            rows = connection.exec_driver_sql("SELECT sha256, state FROM blob").all()
        for sha256, state in rows:
            excused = burnt and state == "wanted" and sha256 not in sim.office.blobs
            assert excused or state in ("sent", "here"), f"{laptop.number}: a photo is {state}"
            if not excused:
                somewhere.add(sha256)
                held = laptop.files.read(sim.office.audit_id, sha256)
                assert held == sim.photos[sha256], f"{laptop.number}: another photo"
    for sha256, content in sim.photos.items():
        if sha256 in somewhere or not burnt:
            assert sim.office.blobs.get(sha256) == content, "a photo is not whole on the server"
