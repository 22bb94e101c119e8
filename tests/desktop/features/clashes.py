"""Conflicts of every kind, as a pull would bring them to the filled laptop."""

import datetime as dt

from intact_core import clock, ids
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity

BASE = "Two gauges were seen in the hall. Both had labels."
MINE = "Two gauges were seen in the hall. One had no label."
THEIRS = "Three gauges were seen in hall A. Both had labels."


def conflict(laptop, **changes) -> Conflict:
    values = {
        "id": ids.new_id(),
        "scope": f"audit:{laptop.audit_id}",
        "record_type": "audit_checklists",
        "record_id": laptop.items[12],
        "kind": "edit",
        "field_group": "auditor_finding",
        "base": {"auditor_finding": BASE},
        "server": {"auditor_finding": THEIRS},
        "server_by": laptop.users["auditor"],
        "server_at": clock.now() - dt.timedelta(hours=2),
        "server_device": ids.new_id(),
        "incoming": {"auditor_finding": MINE},
        "incoming_by": laptop.opened.user_id,
        "incoming_at": clock.now() - dt.timedelta(hours=1),
        "incoming_device": laptop.opened.device_id,
    }
    row = Conflict(**(values | changes))
    laptop.put(row)
    return row


def finding(laptop, number="NC-01", **values) -> NonConformity:
    row = NonConformity(
        id=ids.new_id(),
        audit_schedule_id=laptop.audit_id,
        nc_number=number,
        severity="minor",
        clause="7.5.3",
        **({"description": f"Statement of {number}"} | values),
    )
    laptop.put(row)
    return row


LONG_BASE = (
    "The register of measuring equipment was sampled at three presses and at incoming goods.\n\n"
    "At press 4 two gauges were in use. Both had labels, and both labels named a date that had "
    "not passed. The operator explained how a gauge is taken out of use when its date has passed, "
    "and showed the shelf where such gauges wait.\n\n"
    "At incoming goods one scale was seen. Its certificate was at hand; the weights used for the "
    "monthly check were not labelled. The person in charge did not know when they were last "
    "calibrated.\n\n"
    "The procedure WI-22, revision 4, was on the wall at both places."
)
LONG_MINE = LONG_BASE.replace("two gauges were", "three gauges were").replace(
    "The person in charge did not know when they were last calibrated.",
    "The person in charge found their certificate in the office: calibrated in March.",
)
LONG_THEIRS = (
    LONG_BASE.replace("Both had labels, and both", "All had labels, and all")
    .replace("revision 4", "revision 3")
    .replace("did not know when they were", "did not know by whom they were")
)


def long_conflict(laptop) -> Conflict:
    texts = {"base": LONG_BASE, "server": LONG_THEIRS, "incoming": LONG_MINE}
    return conflict(laptop, **{key: {"auditor_finding": text} for key, text in texts.items()})


def removed(laptop) -> Conflict:
    gone = {"deleted_at": clock.now().isoformat(), "deleted_reason": "The same as NC-02"}
    return conflict(
        laptop,
        record_type="non_conformities",
        record_id=finding(laptop).id,
        kind="delete_edit",
        field_group="deleted",
        base=dict.fromkeys(gone),
        server=gone,
        incoming={"evidence": "Order 4711"},
    )


def same_number(laptop) -> Conflict:
    other, mine = finding(laptop), finding(laptop, description=LONG_MINE)
    return conflict(
        laptop,
        record_type="non_conformities",
        record_id=mine.id,
        kind="possible_duplicate",
        field_group="nc_number",
        base={"nc_number": None},
        server={"nc_number": "NC-01", "id": str(other.id)},
        incoming={"nc_number": "NC-01"},
    )
