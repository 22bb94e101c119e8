"""Prose of OSCAL: parameters put in as text that people can read."""

import re
from collections.abc import Mapping
from typing import Any

_INSERT = re.compile(r"\{\{\s*(?:insert:\s*)?param\s*,\s*([^\s}]+)\s*\}\}")
_SPACE_BEFORE = re.compile(r"\s+([,;:.)])")
_DEEPEST = 6

Json = Mapping[str, Any]


class Parameters:
    """The parameters of a catalog by their id; a text for each."""

    def __init__(self) -> None:
        self._known: dict[str, Json] = {}

    def add(self, parameters: Any) -> None:
        """Take in the `params` of a catalog, group or control."""
        for parameter in parameters if isinstance(parameters, list) else ():
            if isinstance(parameter, Mapping) and isinstance(parameter.get("id"), str):
                self._known[parameter["id"]] = parameter

    def fill(self, prose: Any, depth: int = 0) -> str:
        """The prose with every parameter replaced: its value, or its label in brackets."""
        if not isinstance(prose, str):
            return ""
        filled = _INSERT.sub(lambda found: self._text(found[1], depth), prose)
        return _SPACE_BEFORE.sub(r"\1", " ".join(filled.split()))

    def _text(self, name: str, depth: int) -> str:
        parameter = self._known.get(name)
        if parameter is None or depth >= _DEEPEST:
            return f"[{name}]"
        values = parameter.get("values")
        if isinstance(values, list) and values:
            return ", ".join(self.fill(value, depth + 1) for value in values)
        select = parameter.get("select")
        if isinstance(select, Mapping):
            return self._choice(select, depth)
        return f"[{parameter.get('label') or name}]"

    def _choice(self, select: Json, depth: int) -> str:
        choices = select.get("choice")
        texts = [self.fill(c, depth + 1) for c in choices] if isinstance(choices, list) else []
        which = "one or more of" if select.get("how-many") == "one-or-more" else "one of"
        return f"[{which}: {'; '.join(texts)}]"
