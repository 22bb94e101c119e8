"""Writes THIRD_PARTY_LICENSES.md from the locked sets and the metadata of what is installed."""

import re
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIST = HERE / "THIRD_PARTY_LICENSES.md"
SETS = ("desktop", "server")
ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
FORBIDDEN = re.compile(r"(?<!L)GPL|GNU (?:Affero )?General Public", re.IGNORECASE)
LICENCE_FILES = ("LICENSE*", "LICENCE*", "OFL*", "COPYING*")

# Packages that this system does not install, or whose metadata keeps silent: licence, purpose.
STATED = {
    "colorama": ("BSD-3-Clause", "Cross-platform colored terminal text."),
    "pywin32-ctypes": ("BSD-3-Clause", "Access to Windows credentials by ctypes."),
    "sqlcipher3": ("Zlib", "DB-API 2.0 interface for SQLCipher 4.x"),
    "tzdata": ("Apache-2.0", "Provider of IANA time zone data"),
    "obstore": ("MIT", "One interface to local disk and S3 object stores"),
}

PREFACE = """# What is bundled with Intact, and its licences

Intact itself is under the Apache License 2.0 (`LICENSE`). Its packages bring what follows; the
text of each licence lies in the package (`*.dist-info`). `make lock` writes this list.

- Qt and PySide6 are used under the LGPL-3.0, as separate shared libraries that may be replaced;
  so is psycopg, and so is zeroconf under the LGPL-2.1-or-later. None of them is changed.
- A packaged application also holds Python (PSF-2.0) and PyInstaller's start program
  (GPL-2.0-or-later with the exception that lets it start programs under any licence).
"""


@dataclass
class Package:
    """One locked package, what needs it and where it goes."""

    name: str
    version: str
    needed_by: set[str] = field(default_factory=set)
    sets: list[str] = field(default_factory=list)

    @property
    def licence(self) -> str:
        return STATED[self.name][0] if self.name in STATED else licence_in(self._metadata())

    @property
    def purpose(self) -> str:
        return STATED[self.name][1] if self.name in STATED else self._metadata()["Summary"]

    def row(self) -> str:
        cells = (
            self.name,
            self.version,
            self.licence,
            ", ".join(self.sets),
            ", ".join(sorted(self.needed_by)),
            self.purpose.replace("|", "/"),
        )
        return f"| {' | '.join(cells)} |"

    def _metadata(self) -> metadata.PackageMetadata:
        return metadata.metadata(self.name)


def licence_in(of: metadata.PackageMetadata) -> str:
    """The licence as one line: the expression, else the short text, else the classifiers."""
    short = (of.get("License") or "").strip()
    classifiers = [
        line.rpartition(" :: ")[2] for line in of.get_all("Classifier") or [] if "OSI App" in line
    ]
    plain = short if short and len(short) < 60 and "\n" not in short else ""
    return of.get("License-Expression") or plain or " AND ".join(classifiers)


def is_forbidden(licence: str) -> bool:
    """Whether every choice that the licence leaves is a GPL (LGPL is none), or it is unknown."""
    return all(not choice or FORBIDDEN.search(choice) for choice in licence.split(" OR "))


def locked() -> list[Package]:
    found: dict[str, Package] = {}
    for name in SETS:
        for package in _parse((HERE / "requirements" / f"{name}.txt").read_text()):
            known = found.setdefault(package.name, package)
            known.needed_by |= package.needed_by
            known.sets.append(name)
    return [found[name] for name in sorted(found)]


def _parse(text: str) -> list[Package]:
    starts = [*ENTRY.finditer(text)]
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [
        Package(start[1], start[2], _needed_by(text[start.end() : end]))
        for start, end in zip(starts, ends, strict=True)
    ]


def _needed_by(entry: str) -> set[str]:
    comments = re.findall(r"# +(?:via +)?([a-z0-9][a-z0-9._-]*)", entry)
    return {"Intact" if name == "intact" else name for name in comments} - {"via"}


def vendored() -> list[str]:
    """Files that lie in the tree with a licence of their own beside them."""
    tops = ("resources", "intact_core", "intact_desktop", "sync_server")
    files = {path for top in tops for kind in LICENCE_FILES for path in (ROOT / top).rglob(kind)}
    return [f"- `{path.parent.relative_to(ROOT)}/`: `{path.name}`" for path in sorted(files)]


def rendered(packages: list[Package]) -> str:
    head = "| package | version | licence | part of | needed by | what it is |"
    table = [head, "| --- | --- | --- | --- | --- | --- |", *(one.row() for one in packages)]
    beside = vendored()
    others = ["", "Files in the tree with their own licence beside them:", "", *beside]
    return "\n".join([PREFACE, *table, *(others if beside else [])]) + "\n"


def main() -> None:
    packages = locked()
    refused = [f"{one.name} ({one.licence})" for one in packages if is_forbidden(one.licence)]
    if refused:
        sys.exit(f"These may not be bundled: {', '.join(refused)}")
    LIST.write_text(rendered(packages), encoding="utf-8")


if __name__ == "__main__":
    main()
