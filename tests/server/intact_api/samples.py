"""One row of everything in the demo's tenant, made through the API as it is documented."""

import re

from tests.server.conftest import Server
from tests.server.intact_api import (
    samples_access,
    samples_audits,
    samples_business,
    samples_clients,
    samples_library,
)
from tests.server.intact_api.routes import Route

PARTS = (samples_clients, samples_access, samples_library, samples_business, samples_audits)
OFFICE = "cbadmin@demo.example"


def make_all(server: Server) -> dict[str, str]:
    """The ids of the rows by resource, such as "clients"."""
    made: dict[str, str] = {}
    client = server.bearer(OFFICE)
    for part in PARTS:
        part.make(client, made)
    return made


def address_of(route: Route, ids: dict[str, str]) -> str:
    """The route's path with ids: `{id}` is the resource's, `{role_id}` one of the roles."""
    resource = route.path.split("/")[3]

    def value(found: re.Match[str]) -> str:
        name = found[1]
        return ids[resource if name == "id" else f"{name.removesuffix('_id')}s"]

    return re.sub(r"\{(\w+)\}", value, route.path)
