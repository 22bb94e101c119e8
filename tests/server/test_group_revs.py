"""Who changed each field group last: nothing is lost on the way into a head and back."""

from hypothesis import given
from hypothesis import strategies as st

from sync_server.ledger import group_revs

CHANGES = st.tuples(st.integers(1, 5), st.sampled_from(["", "laptop", "other"]))
REVS = st.dictionaries(st.text(max_size=5), CHANGES, max_size=8)


@given(REVS)
def test_every_group_comes_back_with_its_change(revs: dict[str, tuple[int, str]]) -> None:
    assert group_revs.from_text(group_revs.to_text(revs)) == revs


def test_a_record_made_in_one_change_is_one_entry() -> None:
    revs = dict.fromkeys(("title", "place"), (1, "laptop"))
    assert group_revs.to_text(revs) == '[[1,"laptop",["place","title"]]]'
