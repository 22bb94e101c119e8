"""What the server holds against what was done: nothing may be missing."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, select, text

from intact_desktop.store.tables import Blob, SyncCursor
from tests.journeys.desk import Laptop
from tests.journeys.stage import Stage


def account(stage: Stage) -> dict[str, Any]:
    """Operations and receipts per laptop, digests of both sides, and how much is lost."""
    server = create_engine(f"sqlite:///{stage.server.data / 'intact-server.db'}")
    with server.connect() as connection:
        held = {raw for (raw,) in connection.execute(text("SELECT raw FROM op_receipt"))}
        heads = dict(connection.execute(text("SELECT scope, digest FROM scope_head")).all())
        blobs = {sha for (sha,) in connection.execute(text("SELECT sha256 FROM blob"))}
    server.dispose()
    laptops = {desk.name: _laptop(desk, held, heads, blobs) for desk in stage.desks}
    stage.facts["digests"] = _digests(stage, heads)
    lost = sum(one["operations"] - one["held_by_server"] for one in laptops.values())
    lost += sum(one["files"] - one["files_held_by_server"] for one in laptops.values())
    return {"laptops": laptops, "lost": lost}


def _laptop(desk: Laptop, held: set[str], heads: dict[str, str], blobs: set[str]) -> dict[str, Any]:
    operations = desk.operations()
    with desk.bench.readers() as session:
        made = session.scalars(select(Blob.sha256).where(Blob.state == "sent")).all()
        cursors = session.execute(select(SyncCursor.scope, SyncCursor.digest)).all()
    verdicts = [verdict for _, verdict in operations]
    return {
        "operations": len(operations),
        "held_by_server": sum(1 for raw, _ in operations if raw in held),
        "receipts": {str(one): verdicts.count(one) for one in sorted({str(v) for v in verdicts})},
        "files": len(made),
        "files_held_by_server": sum(1 for sha in made if sha in blobs),
        "digests_agree": all(heads.get(scope) == value for scope, value in cursors),
    }


def _digests(stage: Stage, heads: dict[str, str]) -> dict[str, str]:
    scope = f"audit:{UUID(str(stage.audit_id))}"
    found = {"server": heads[scope]}
    for desk in stage.desks:
        with desk.bench.readers() as session:
            mine = select(SyncCursor.digest).where(SyncCursor.scope == scope)
            found[desk.name] = session.scalars(mine).one()
    return found


def write_summary(stage: Stage, account_: dict[str, Any]) -> None:
    """summary.json."""
    text_ = json.dumps(stage.facts | account_, indent=2, default=str)
    (stage.out / "summary.json").write_text(text_ + "\n")
