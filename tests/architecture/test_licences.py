"""Only what may be bundled is bundled, and the list of licences is that of the locked sets."""

import runpy
from importlib import metadata
from types import SimpleNamespace

import pytest

from tests.architecture.source import ROOT

licences = SimpleNamespace(**runpy.run_path(str(ROOT / "packaging" / "licences.py")))


def is_known(package) -> bool:
    """Whether this system can tell the package's licence: some are for other systems only."""
    try:
        return package.name in licences.STATED or bool(metadata.version(package.name))
    except metadata.PackageNotFoundError:
        return False


def test_nothing_bundled_is_under_the_gpl() -> None:
    known = [package for package in licences.locked() if is_known(package)]
    assert len(known) > 60
    assert [one.name for one in known if licences.is_forbidden(one.licence)] == []


def test_the_list_is_up_to_date() -> None:
    """Where it fails, run `.venv/bin/python packaging/licences.py`."""
    lines = licences.LIST.read_text(encoding="utf-8").splitlines()
    rows = {line for line in lines if line.startswith("| ")}
    packages = licences.locked()
    listed = {tuple(row.split(" | ")[:2]) for row in rows} - {
        ("| package", "version"),
        ("| ---", "---"),
    }
    assert listed == {(f"| {one.name}", one.version) for one in packages}
    assert {one.row() for one in packages if is_known(one)} <= rows
    assert set(licences.vendored()) == {line for line in lines if line.startswith("- `")}


@pytest.mark.parametrize(
    ("licence", "forbidden"),
    [
        ("MIT", False),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("GPL-3.0-only", True),
        ("GNU General Public License v3 (GPLv3)", True),
        ("GPL-2.0-only OR AGPL-3.0-only", True),
        ("MIT AND GPL-2.0-or-later", True),
        ("", True),
    ],
)
def test_a_gpl_is_told_from_the_others(licence: str, forbidden: bool) -> None:
    assert licences.is_forbidden(licence) is forbidden
