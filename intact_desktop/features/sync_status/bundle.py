"""What a support bundle holds: versions, states, counts, verdicts and reasons; no content.

Everything in it is chosen here by name. A text of a record, a name or a sentence that could
repeat one is never read.
"""

import io
import platform
import re
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.records.base import SCHEMA_VERSION
from intact_core.records.catalogue import TYPES
from intact_core.records.conflicts import Conflict
from intact_core.sync.protocol import PROTOCOL_VERSION
from intact_desktop.settings import replace_file
from intact_desktop.store.journal import APP_VERSION, this_device
from intact_desktop.store.logbook import NAME
from intact_desktop.store.tables import Blob, Outbox, SyncCursor, SyncLog
from intact_desktop.sync import outgoing
from intact_desktop.sync.liveness import Live

_COUNTED = re.compile(r"\d+ sent, \d+ received")
_TITLE = re.compile(r"[A-Za-z' ]{1,80}")
_MOST_ROUNDS, _MOST_REFUSED, _MOST_LOG = 500, 200, 200_000
_README = (
    "Support bundle of Intact. It holds versions, states, counts, verdicts and reasons.\n"
    "It holds no text, no name, no photo and no file of any audit.\n"
)


def gather(session: Session, live: Live | None, logs: Path) -> dict[str, str]:
    """The bundle's files by name, as text."""
    parts = {
        "versions.json": _versions(session),
        "state.json": _state(session, live),
        "operations.json": _operations(session),
        "records.json": _records(session),
        "scopes.json": [
            {"scope": one.scope, "seq": one.seq, "digest": one.digest}
            for one in session.scalars(select(SyncCursor).order_by(SyncCursor.scope))
        ],
        "rounds.json": _rounds(session),
    }
    said = {name: _json(value) for name, value in parts.items()}
    return {"README.txt": _README, **said, "log.txt": _log(logs)}


def write(path: Path, parts: Mapping[str, str]) -> None:
    """Write the zip, whole or not at all; raises StorageFault."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, said in parts.items():
            archive.writestr(name, said)
    replace_file(path, content.getvalue())


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _versions(session: Session) -> dict[str, Any]:
    return {
        "made_at": canonical.to_wire(clock.now()),
        "app": APP_VERSION,
        "schema": SCHEMA_VERSION,
        "protocol": PROTOCOL_VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "frozen": bool(getattr(sys, "frozen", False)),
        "sqlite": session.scalar(text("SELECT sqlite_version()")),
    }


def _state(session: Session, live: Live | None) -> dict[str, Any]:
    connection = session.connection()
    device, waiting = this_device(connection), outgoing.waiting(connection)
    return {
        "sync": None if live is None else _live(live),
        "device": {
            "id": str(device.id),
            "last_n": device.last_n,
            "acknowledged_n": device.acknowledged_n,
            "settled_n": device.settled_n,
            "chain_hash": device.chain_hash,
            "epoch": device.epoch,
            "clock_offset_seconds": device.clock_offset_seconds,
            "proof": device.proof,
        },
        "waiting": {
            "operations": waiting.operations,
            "files": waiting.files,
            "file_bytes": waiting.file_bytes,
            "oldest": canonical.to_wire(waiting.oldest),
        },
    }


def _live(live: Live) -> dict[str, Any]:
    return {
        "state": live.state,
        "online": live.online,
        "since": canonical.to_wire(live.since),
        "next_at": canonical.to_wire(live.next_at),
        "failures": live.failures,
        "error": type(live.error).__name__ if live.error else None,
    }


def _operations(session: Session) -> dict[str, Any]:
    query = (
        select(Outbox.type, Outbox.kind, Outbox.verdict, func.count())
        .group_by(Outbox.type, Outbox.kind, Outbox.verdict)
        .order_by(Outbox.type, Outbox.kind, Outbox.verdict)
    )
    refused = outgoing.quarantined(session.connection())[-_MOST_REFUSED:]
    return {
        "counts": [
            {"type": type_, "kind": kind, "verdict": verdict, "count": count}
            for type_, kind, verdict, count in session.execute(query)
        ],
        "quarantined": [
            {
                "n": n,
                "type": operation["type"],
                "kind": operation["kind"],
                "fields": sorted(operation["changes"]),
                "base_rev": operation["base_rev"],
                "reason": (receipt or {}).get("reason"),
            }
            for n, _, operation, receipt in refused
        ],
    }


def _records(session: Session) -> dict[str, Any]:
    conflicts = select(Conflict.record_type, Conflict.kind, Conflict.state, func.count()).group_by(
        Conflict.record_type, Conflict.kind, Conflict.state
    )
    blobs = select(Blob.state, func.count(), func.sum(Blob.size), func.sum(Blob.sent))
    return {
        "rows": {
            name: session.scalar(select(func.count()).select_from(spec.table))
            for name, spec in TYPES.items()
        },
        "conflicts": [
            {"type": type_, "kind": kind, "state": state, "count": count}
            for type_, kind, state, count in session.execute(conflicts)
        ],
        "files": [
            {"state": state, "count": count, "bytes": size, "sent": sent}
            for state, count, size, sent in session.execute(blobs.group_by(Blob.state))
        ],
    }


def _rounds(session: Session) -> list[dict[str, Any]]:
    query = select(SyncLog).order_by(SyncLog.id.desc()).limit(_MOST_ROUNDS)
    return [
        {"at": canonical.to_wire(one.at), "outcome": one.outcome, "what": _safe(one)}
        for one in session.scalars(query)
    ]


def _safe(line: SyncLog) -> str:
    """Numbers and the title of an error; its sentence may repeat what somebody wrote."""
    if _COUNTED.fullmatch(line.words):
        return line.words
    title = line.words.partition(":")[0]
    return title if line.outcome == "failed" and _TITLE.fullmatch(title) else ""


def _log(folder: Path) -> str:
    try:
        return (folder / NAME).read_text("utf-8", errors="replace")[-_MOST_LOG:]
    except FileNotFoundError:
        return "Nothing was logged.\n"
