"""Who may decide on a complaint (ISO/IEC 17021-1, 9.8)."""

from types import SimpleNamespace
from typing import Any

import pytest

from intact_core.errors import RuleBroken
from intact_core.rules.complaints import check_complaint
from intact_core.rules.kernel import Actor, Change
from tests.core.rules.test_rules import AUDITOR, BOSS, CUSTOMER, LEAD, row, world


def resolve(actor: Any, old: str = "open", new: str = "resolved", **values: Any) -> None:
    full = {"client_id": CUSTOMER, "resolution": "Mended", "resolved_by": actor, **values}
    after = row("complaints", status=new, **full)
    before = SimpleNamespace(**{**vars(after), "status": old})
    change = Change("complaints", after.id, before, after, frozenset({"status"}))
    check_complaint(change, Actor(actor, frozenset({"cb_admin"})), world())


@pytest.mark.parametrize("who", [LEAD, AUDITOR])
def test_nobody_of_an_audit_team_of_the_client_decides(who: Any) -> None:
    with pytest.raises(RuleBroken, match="not involved") as refused:
        resolve(who)
    assert (refused.value.code, refused.value.clause) == ("involved", "ISO/IEC 17021-1:2015, 9.8")
    with pytest.raises(RuleBroken, match="not involved"):
        resolve(BOSS, resolved_by=who)
    with pytest.raises(RuleBroken, match="not involved"):
        resolve(who, resolved_by=BOSS)


def test_others_do_and_what_is_resolved_is_closed_by_anybody() -> None:
    resolve(BOSS)
    resolve(LEAD, client_id=None)
    resolve(LEAD, old="resolved", new="closed")
    resolve(LEAD, new="investigating", resolution=None)


def test_nothing_is_resolved_without_a_resolution() -> None:
    for words in (None, ""):
        with pytest.raises(RuleBroken, match="resolution"):
            resolve(BOSS, resolution=words)
