"""OSCAL catalogs (NIST, version 1) become a standard with clauses and a checklist.

Groups and controls, enhancements included, become clauses. Every assessment objective becomes a
question, those that only gather others as well: that is how the 1,795 objectives of the NIST
SP 800-53 rev. 5 moderate baseline are counted (1,303 of them are leaves).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from intact_core import canonical
from intact_core.errors import BadInput
from intact_core.interchange.oscal_prose import Parameters
from intact_core.interchange.template_file import (
    ImportedCatalog,
    ImportedClause,
    ImportedQuestion,
    ImportedStandard,
    check_references,
)

LARGEST = 40_000_000
_DEEPEST = 20
_CODE = re.compile(
    r"\b(?:NIST (?:Special Publication|SP)|ISO/IEC(?: TS)?|ISO|IEC|EN|SP)\s\d[\w.-]*"
)
_OTHER_MODELS = {
    "assessment-results": "assessment results",
    "assessment-plan": "an assessment plan",
    "profile": "a profile",
    "component-definition": "a component definition",
    "system-security-plan": "a system security plan",
    "plan-of-action-and-milestones": "a plan of action and milestones",
    "mapping-collection": "a mapping of controls",
}
_AFTER = " Nothing was imported. Choose an OSCAL catalog in JSON."

Json = Mapping[str, Any]


def read_catalog(data: bytes) -> ImportedCatalog:
    """Read an OSCAL catalog in JSON.

    Raises BadInput, with a sentence that says what the file is instead, where it is no JSON, no
    OSCAL, another model of OSCAL, larger than 40 MB, or contradicts itself.
    """
    catalog = _catalog(data)
    reading = _Reading()
    reading.parameters.add(catalog.get("params"))
    _collect_parameters(catalog, reading.parameters, 0)
    _read_level(catalog, "", reading, 0)
    if not reading.clauses:
        raise BadInput("This OSCAL catalog has no controls." + _AFTER)
    imported = ImportedCatalog(_standard(catalog), tuple(reading.clauses), tuple(reading.questions))
    check_references(imported)
    return imported


@dataclass
class _Reading:
    parameters: Parameters = field(default_factory=Parameters)
    clauses: list[ImportedClause] = field(default_factory=list)
    questions: list[ImportedQuestion] = field(default_factory=list)


def _catalog(data: bytes) -> Json:
    if len(data) > LARGEST:
        raise BadInput("This file is larger than 40 MB, more than a catalog can be." + _AFTER)
    try:
        document = canonical.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput("This file is not JSON." + _AFTER, details=str(error)) from error
    if not isinstance(document, Mapping):
        raise BadInput("This file is JSON, but not OSCAL." + _AFTER)
    catalog = document.get("catalog")
    if isinstance(catalog, Mapping) and isinstance(catalog.get("metadata"), Mapping):
        return catalog
    for model, words in _OTHER_MODELS.items():
        if model in document:
            raise BadInput(f"This file is OSCAL, but holds {words}, not a catalog." + _AFTER)
    raise BadInput("This file is JSON, but not OSCAL." + _AFTER)


def _standard(catalog: Json) -> ImportedStandard:
    metadata = catalog["metadata"]
    title = _text(metadata.get("title")) or "Catalog"
    found = _CODE.search(title)
    code = found[0] if found else title[:60]
    return ImportedStandard(code, title, _text(metadata.get("version")))


def _collect_parameters(level: Json, parameters: Parameters, depth: int) -> None:
    for child in (*_objects(level, "groups"), *_objects(level, "controls")):
        parameters.add(child.get("params"))
        if depth < _DEEPEST:
            _collect_parameters(child, parameters, depth + 1)


def _read_level(level: Json, parent: str, reading: _Reading, depth: int) -> None:
    if depth > _DEEPEST:
        raise BadInput("The controls of this catalog are nested too deeply." + _AFTER)
    for group in _objects(level, "groups"):
        number = _group_number(group, reading)
        reading.clauses.append(ImportedClause(number, _text(group.get("title")), "", parent))
        _read_level(group, number, reading, depth + 1)
    for control in _objects(level, "controls"):
        if _is_withdrawn(control):
            continue
        number = _label(control) or _identifier(control)
        _read_control(control, number, parent, reading)
        _read_level(control, number, reading, depth + 1)


def _group_number(group: Json, reading: _Reading) -> str:
    known = _label(group) or _text(group.get("id")).upper()
    return known or f"Group {len(reading.clauses) + 1}"


def _read_control(control: Json, number: str, parent: str, reading: _Reading) -> None:
    statements = [p for p in _objects(control, "parts") if p.get("name") == "statement"]
    text = "\n".join(line for part in statements for line in _lines(part, reading.parameters, 0))
    title = _text(control.get("title"))
    reading.clauses.append(ImportedClause(number, title, text, parent))
    objectives = list(_objectives(control, 0))
    for part in objectives:
        label = _label(part, "sp800-53a") or _label(part) or _identifier(part)
        prompt = reading.parameters.fill(part.get("prose")) or (
            f"{title}: all determinations under {label} taken together"
        )
        reading.questions.append(ImportedQuestion(number, label, prompt))
    if not objectives:
        prompt = text or f"{title}: is this control in place and effective?"
        reading.questions.append(ImportedQuestion(number, number, prompt))


def _objectives(level: Json, depth: int) -> Iterator[Json]:
    if depth > _DEEPEST:
        raise BadInput("The objectives of this catalog are nested too deeply." + _AFTER)
    for part in _objects(level, "parts"):
        if part.get("name") in ("assessment-objective", "objective"):
            yield part
            yield from _objectives(part, depth + 1)


def _lines(part: Json, parameters: Parameters, depth: int) -> Iterator[str]:
    prose = parameters.fill(part.get("prose"))
    label = _label(part)
    if prose:
        yield "  " * max(depth - 1, 0) + f"{label} {prose}".strip()
    if depth < _DEEPEST:
        for child in _objects(part, "parts"):
            yield from _lines(child, parameters, depth + 1)


def _label(item: Json, kind: str | None = None) -> str:
    for entry in _objects(item, "props"):
        if entry.get("name") == "label" and entry.get("class") == kind:
            return _text(entry.get("value"))
    return ""


def _identifier(item: Json) -> str:
    identifier = _text(item.get("id"))
    if not identifier:
        raise BadInput("A control or objective of this catalog has no id." + _AFTER)
    return identifier


def _is_withdrawn(control: Json) -> bool:
    return any(
        entry.get("name") == "status" and entry.get("value") == "withdrawn"
        for entry in _objects(control, "props")
    )


def _objects(item: Json, key: str) -> tuple[Json, ...]:
    values = item.get(key)
    return tuple(v for v in values if isinstance(v, Mapping)) if isinstance(values, list) else ()


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
