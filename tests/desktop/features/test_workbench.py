"""What every action sets off."""


def test_an_action_asks_for_a_sync_and_tells_the_pages(bench, qtbot) -> None:
    with qtbot.waitSignals([bench.changed, bench.sync_wanted]):
        bench.do(lambda _: None)
