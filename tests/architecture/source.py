"""The project's Python as the architecture tests see it: parsed files, modules, imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("intact_core", "intact_desktop", "sync_server")
FOLDERS = (*PACKAGES, "tests", "packaging")

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the root of the project."""

    path: Path

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def module(self) -> str:
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, FUNCTION))

    def imported(self) -> Iterator[str]:
        """Dotted names of all that is imported; `from a import b` counts as a and as a.b."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        own = self.module.split(".")
        above = own[: len(own) - node.level + self.is_package]
        return ".".join([*above, *([node.module] if node.module else [])])


def sources(*folders: str) -> list[Source]:
    """Every Python file below these folders, without the migrations' numbered scripts."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [Source(path.relative_to(ROOT)) for path in found if path.parent.name != "versions"]


def import_graph(files: list[Source]) -> dict[str, set[str]]:
    """For each module the modules of the project that it imports."""
    modules = {file.module for file in files}
    return {
        file.module: {name for name in file.imported() if name in modules and name != file.module}
        for file in files
    }


def sibling_graph(graph: dict[str, set[str]], parent: str) -> dict[str, set[str]]:
    """The same among the direct children of the package `parent`, each child taken whole."""
    children: dict[str, set[str]] = {}
    for module, imports in graph.items():
        child = _child_of(parent, module)
        if child:
            others = {_child_of(parent, name) for name in imports} - {None, child}
            children.setdefault(child, set()).update(others)
    return children


def _child_of(parent: str, module: str) -> str | None:
    inside = module.removeprefix(f"{parent}.")
    return inside.split(".")[0] if inside != module else None
