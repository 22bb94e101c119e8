"""My audits: what is listed, and what is behind the tick."""

from sqlalchemy import insert

from intact_core import clock, ids
from intact_desktop.features.audits import queries
from intact_desktop.features.audits.page import AuditsPage
from intact_desktop.store.tables import Blob


def add_file(laptop, state: str) -> None:
    with laptop.opened.engine.begin() as connection:
        connection.execute(
            insert(Blob).values(
                sha256=ids.new_id().hex,
                audit_id=laptop.audit_id,
                size=10,
                state=state,
                sent=0,
                added_at=clock.now(),
            )
        )


def test_a_row_says_progress_and_what_is_here(laptop, bench) -> None:
    add_file(laptop, "here")
    with bench.readers() as session:
        (row,) = queries.audits(session, laptop.opened.user_id)
        assert row.is_ready
        assert (row.done, row.items) == (0, 33)
    add_file(laptop, "wanted")
    with bench.readers() as session:
        (row,) = queries.audits(session, laptop.opened.user_id)
        pack = queries.pack(session, row)
    assert not row.is_ready
    assert (pack.files_here, pack.files) == (1, 2)
    assert (pack.items, pack.clauses, pack.client_records) == (33, 3, 3)


def test_only_audits_whose_team_i_am_on(laptop, bench) -> None:
    with bench.readers() as session:
        assert queries.audits(session, laptop.users["cb_admin"]) == []


def test_the_page_lists_and_opens(laptop, bench, opens, qtbot, pictured) -> None:
    page = opens(AuditsPage(bench))
    assert [row.client for row in page.model.rows] == ["Acme Gearworks Ltd"]
    qtbot.waitUntil(page.pack.isVisible)
    assert "ready offline" in page.pack.title.text()
    pictured(page, "audits")
    with qtbot.waitSignal(page.opened) as caught:
        page.open_button.click()
    assert caught.args == [laptop.audit_id]
    page.search.setText("borg")
    assert not page.model.rows
