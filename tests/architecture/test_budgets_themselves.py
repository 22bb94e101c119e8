"""The checks of the budgets find what they are there to find."""

import pytest

from tests.architecture import source, test_budgets
from tests.architecture.source import import_graph, sources

LONG_FUNCTION = '"""Long."""\ndef long():\n' + "    x = 1\n" * 60
SEEDED = {
    "too_long_files": '"""Long."""\n' + "x = 1\n" * 400,
    "too_long_functions": LONG_FUNCTION,
    "undocumented_modules": "x = 1\n",
    "undocumented_names": '"""Doc."""\nclass Bare: ...\n',
    "hidden_imports": '"""Doc."""\ndef f():\n    import os\n',
    "unwanted_calls": '"""Doc."""\nfrom sqlalchemy import orm\nx = orm.relationship("Y")\n',
}


@pytest.mark.parametrize("check", SEEDED)
def test_a_seeded_fault_is_found(check, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(source, "ROOT", tmp_path)
    module = tmp_path / "package" / "module.py"
    module.parent.mkdir()
    module.write_text('"""Doc."""\n')
    assert getattr(test_budgets, check)(sources("package")) == []
    module.write_text(SEEDED[check])
    assert len(getattr(test_budgets, check)(sources("package"))) == 1


@pytest.mark.parametrize(
    "line", ["from a.right.two import y", "import a.right.two", "from ..right import two"]
)
def test_a_seeded_ring_is_found(line, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(source, "ROOT", tmp_path)
    files = {"left/one": line, "right/two": "x = 1", "right/three": "from a.left import one"}
    for name, text in files.items():
        path = tmp_path / "a" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    graph = import_graph(sources("a"))
    assert test_budgets.ring(graph) == []
    assert [set(ring) for ring in test_budgets.sibling_rings(graph)] == [{"left", "right"}]
    (tmp_path / "a" / "right" / "two.py").write_text("from .three import z")
    ring = test_budgets.ring(import_graph(sources("a")))
    assert set(ring) == {"a.left.one", "a.right.two", "a.right.three"}
