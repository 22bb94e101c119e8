"""What lies in the tree: locked packages with hashes, nothing that knows one machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import FOLDERS, ROOT

LOCKED = sorted((ROOT / "packaging" / "requirements").glob("*.txt"))
TEXT = {".py", ".md", ".txt", ".toml", ".sh", ".spec", ".service", ".html", ".css", ".json", ""}
BUILT = {"__pycache__", "build", "dist", "node_modules"}

# Folders of one machine, and options that choose where packages come from.
MACHINE = re.compile(
    r"(?<![\w.~-])/(?:work|root|home|Users)/\w|(?<!\w)-{1,2}(?:extra-)?index-url|--find-links"
)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")


def texts() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT - {""})
    yield from (ROOT / "Makefile", ROOT / ".ci" / "run")
    for folder in (*FOLDERS, "resources"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in TEXT and not BUILT & set(path.parts):
                yield path


def lines_with(pattern: re.Pattern[str], paths: Iterator[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if pattern.search(line)
    ]


def requirements(path: Path) -> list[str]:
    """The entries of a lock file, each with its continuation lines, comments dropped."""
    text = re.sub(r"^\s*#.*\n?", "", path.read_text(), flags=re.MULTILINE)
    return [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry]


def test_nothing_names_a_machine() -> None:
    assert lines_with(MACHINE, texts()) == []


def test_nothing_is_left_for_later() -> None:
    assert lines_with(UNFINISHED, texts()) == []


def test_the_patterns_find_what_they_are_for() -> None:
    for line in ("open('/root/x')", "pip --index-url x", "cd /home/me"):
        assert MACHINE.search(line), line
    for line in ("GET /api/work/x", "~/home/x", "https://example.org/root/x"):
        assert not MACHINE.search(line), line


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.stem)
def test_every_locked_package_has_a_version_and_hashes(path: Path) -> None:
    entries = requirements(path)
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in entry, entry


def test_all_three_sets_are_locked_to_the_same_versions() -> None:
    assert [path.stem for path in LOCKED] == ["desktop", "dev", "server"]
    desktop, dev, server = (
        {entry.split(" ")[0] for entry in requirements(path)} for path in LOCKED
    )
    assert (desktop | server) <= dev
