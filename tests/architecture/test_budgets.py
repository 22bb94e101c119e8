"""Budgets of the code: sizes, docstrings, imports in plain sight, no rings."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.source import (
    FOLDERS,
    FUNCTION,
    PACKAGES,
    Source,
    import_graph,
    sibling_graph,
    sources,
)

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
DOCUMENTED = (
    Path("intact_core"),
    Path("sync_server/services"),
    Path("sync_server/ledger"),
)
UNWANTED_CALLS = {"relationship", "backref", "import_module", "__import__"}
MOST_HIDDEN_IMPORTS = 3


def too_long_files(files: list[Source]) -> list[str]:
    sizes = ((file, file.text.count("\n")) for file in files)
    return [f"{file.path}: {size} lines" for file, size in sizes if size > LINES_OF_A_FILE]


def too_long_functions(files: list[Source]) -> list[str]:
    return [
        f"{file.path}:{node.lineno} {node.name}"
        for file in files
        for node in file.functions()
        if node.end_lineno - node.lineno >= LINES_OF_A_FUNCTION
    ]


def undocumented_modules(files: list[Source]) -> list[str]:
    return [str(file.path) for file in files if not ast.get_docstring(file.tree)]


def undocumented_names(files: list[Source]) -> list[str]:
    """Public classes and functions at the top of a module that say nothing of themselves."""
    return [
        f"{file.path}:{node.lineno} {node.name}"
        for file in files
        for node in file.tree.body
        if isinstance(node, (*FUNCTION, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


def hidden_imports(files: list[Source]) -> list[str]:
    """Imports inside functions without the reason in a comment above."""
    return [f"{file.path}:{line}" for file, line in _hidden(files) if not _has_reason(file, line)]


def _hidden(files: list[Source]) -> list[tuple[Source, int]]:
    return [
        (file, inner.lineno)
        for file in files
        for node in file.functions()
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]


def _has_reason(file: Source, line: int) -> bool:
    lines = file.text.splitlines()
    return "noqa: PLC0415" in lines[line - 1] and lines[line - 2].lstrip().startswith("# ")


def unwanted_calls(files: list[Source]) -> list[str]:
    return [
        f"{file.path}:{node.lineno} {ast.unparse(node.func)}"
        for file in files
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in UNWANTED_CALLS
    ]


def ring(graph: dict[str, set[str]]) -> list[str]:
    """One ring of the graph, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def sibling_rings(graph: dict[str, set[str]]) -> list[list[str]]:
    parts = (name.split(".") for name in graph)
    parents = {".".join(part[:depth]) for part in parts for depth in range(1, len(part))}
    rings = (ring(sibling_graph(graph, parent)) for parent in sorted(parents))
    return [found for found in rings if found]


@pytest.mark.parametrize("check", [too_long_files, undocumented_modules])
def test_every_file_keeps_its_budget(check) -> None:
    assert check(sources(*FOLDERS)) == []


@pytest.mark.parametrize("check", [too_long_functions, hidden_imports, unwanted_calls])
def test_the_packages_keep_to_the_house_style(check) -> None:
    assert check(sources(*PACKAGES)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_few_imports_are_put_off(package: str) -> None:
    assert len(_hidden(sources(package))) <= MOST_HIDDEN_IMPORTS


def test_what_both_ends_build_on_is_documented() -> None:
    assert undocumented_names(sources(*map(str, DOCUMENTED))) == []


def test_no_module_takes_part_in_a_ring() -> None:
    assert ring(import_graph(sources(*PACKAGES))) == []


def test_no_sibling_packages_form_a_ring() -> None:
    assert sibling_rings(import_graph(sources(*PACKAGES))) == []
