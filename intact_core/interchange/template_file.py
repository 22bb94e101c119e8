"""A standard with its checklist as plain data, and the JSON file that carries one."""

from dataclasses import dataclass
from importlib import resources

import msgspec

from intact_core import canonical
from intact_core.errors import BadInput


@dataclass(frozen=True)
class ImportedStandard:
    """The standard: short `code` (ISO 9001), `name` and edition (`version`)."""

    code: str
    name: str
    version: str


@dataclass(frozen=True)
class ImportedClause:
    """A clause; `parent` is the number of the clause above it, empty at the top."""

    number: str
    title: str
    text: str = ""
    parent: str = ""


@dataclass(frozen=True)
class ImportedQuestion:
    """A checklist question; `clause` is a clause's number, `label` names it within the source."""

    clause: str
    label: str
    prompt: str


@dataclass(frozen=True)
class ImportedCatalog:
    """A standard with its clauses and questions, both in the order of the source."""

    standard: ImportedStandard
    clauses: tuple[ImportedClause, ...]
    questions: tuple[ImportedQuestion, ...]


def read_template(data: bytes) -> ImportedCatalog:
    """Read a template file (JSON in the shape of ImportedCatalog).

    Raises BadInput where it is none, or a question or clause names a clause that is not there.
    """
    try:
        catalog = msgspec.json.decode(data, type=ImportedCatalog)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            "This file is not a checklist template of Intact. Nothing was imported.",
            details=str(error),
        ) from error
    check_references(catalog)
    return catalog


def check_references(catalog: ImportedCatalog) -> None:
    """Raise BadInput where a clause number is used twice or a reference leads nowhere."""
    seen: set[str] = set()
    for clause in catalog.clauses:
        if clause.number in seen:
            raise BadInput(f"Clause {clause.number} is in the file twice. Nothing was imported.")
        if clause.parent and clause.parent not in seen:
            raise BadInput(
                f"Clause {clause.number} stands under {clause.parent}, which does not come before "
                "it in the file. Nothing was imported."
            )
        seen.add(clause.number)
    for question in catalog.questions:
        if question.clause not in seen:
            raise BadInput(
                f"Question {question.label} belongs to clause {question.clause}, which is not in "
                "the file. Nothing was imported."
            )


def write_template(catalog: ImportedCatalog) -> bytes:
    """The catalog as the JSON that `read_template` reads."""
    return canonical.dumps(msgspec.to_builtins(catalog))


def shipped_template(name: str = "iso-9001-2015") -> ImportedCatalog:
    """A template that the product ships, by the name of its file without `.json`."""
    return read_template((resources.files("resources") / "standards" / f"{name}.json").read_bytes())
