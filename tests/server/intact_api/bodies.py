"""A small body that a route takes, made from what the OpenAPI document says of it."""

from typing import Any
from uuid import uuid4


def body_for(document: dict[str, Any], verb: str, path: str) -> dict[str, Any] | None:
    """Required fields alone; None where the route takes no body."""
    operation = document["paths"][path][verb.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    value = _value(document, content["application/json"]["schema"])
    assert isinstance(value, dict)
    return value


def _value(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _value(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "object":
        known = schema.get("properties", {})
        return {name: _value(document, known[name]) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [_value(document, schema["items"])] if schema.get("minItems") else []
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> Any:
    forms = {"uuid": str(uuid4()), "date": "2026-03-02", "date-time": "2026-03-02T09:00:00Z"}
    if schema.get("format") in forms:
        return forms[schema["format"]]
    if schema.get("type") in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if schema.get("type") == "boolean":
        return True
    return "QUJD".ljust(schema.get("minLength", 1), "x")
