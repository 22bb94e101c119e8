"""The API keeps to its OpenAPI document, whatever is sent to it."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sync_server.app import make_routes
from tests.server.conftest import Server
from tests.server.intact_api.samples import make_all

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 4
"""Of each operation: a walk through all of them takes seconds."""


def test_every_body_has_an_example_that_its_schema_takes() -> None:
    document = make_routes().openapi()
    shapes, seen = document["components"]["schemas"], 0
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if sent is None or not path.startswith("/api/v1"):
                continue
            shape = shapes[sent["schema"]["$ref"].rpartition("/")[2]]
            [given] = shape["examples"]
            assert set(shape.get("required", ())) <= set(given) <= set(shape["properties"]), path
            assert verb in ("post", "put")
            seen += 1
    assert seen > 75


def test_no_answer_is_outside_of_the_document(server: Server) -> None:
    make_all(server)
    token = server.bearer("cbadmin@demo.example").headers["Authorization"]
    schema = schemathesis.openapi.from_asgi("/openapi.json", server.app)
    faults: list[str] = []
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if not operation.path.startswith("/api/v1") or operation.path.endswith(("login", "logout")):
            continue

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        def send(case) -> None:
            response = case.call(headers={"Authorization": token})
            case.validate_response(response, checks=CHECKS)

        try:
            send()
        except FailureGroup as fault:
            faults += [f"{operation.label}: {one}" for one in fault.exceptions]
        asked += 1
    assert not faults, "\n\n".join(faults[:5])
    assert asked > 15
