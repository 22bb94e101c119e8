"""The table of all rules, and what holds for every kind of record."""

import pytest

from intact_core.records.catalogue import TYPES, spec_of
from intact_core.rules.checking import RULES
from intact_core.rules.kernel import SYSTEM
from tests.core.rules.test_rules import code_of, new, row, world


def test_each_rule_is_about_kinds_of_record_that_there_are() -> None:
    kinds = frozenset(kind for rule in RULES for kind in rule.kinds)
    assert kinds
    for kind in kinds:
        assert spec_of(kind).name == kind


@pytest.mark.parametrize("kind", [spec.name for spec in TYPES.values() if spec.required])
def test_a_new_record_that_says_nothing_is_refused_and_breaks_no_rule_itself(kind: str) -> None:
    empty = row(kind, **dict.fromkeys(spec_of(kind).required))
    assert code_of(new(empty), SYSTEM, world()) == "required"
