"""Who asks, with which right, and the transaction in which that is answered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, NotAllowed
from sync_server.api.intact.envelope import answer
from sync_server.auth.callers import PLATFORM, Caller
from sync_server.auth.grants import rights_of
from sync_server.auth.permissions import bearer_caller, database_of
from sync_server.auth.rights import ALL
from sync_server.services import idempotency
from sync_server.services.idempotency import Told
from sync_server.services.tenants import require_tenant

_BEARER = HTTPBearer(auto_error=False, description="The token of POST /api/v1/auth/login")
"""Names the scheme in the documentation; the token itself is looked up by `bearer_caller`."""


@dataclass(frozen=True)
class Ask:
    """A request whose caller has the right that its route names."""

    request: Request
    caller: Caller

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that reads the caller's tenant."""
        with database_of(self.request).read(self.caller.tenant, self.caller.actor) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes: committed when it is left, before the answer goes out."""
        with database_of(self.request).write(self.caller.tenant, self.caller.actor) as session:
            yield session

    def within(self, tenant_id: UUID) -> "Ask":
        """The same for a tenant that an operator of the platform named."""
        return replace(self, caller=replace(self.caller, tenant_id=tenant_id))

    def meant(self, tenant_id: UUID | None) -> "Ask":
        """The same for the tenant that a request names: the own one, or an operator's choice.

        Raises NotFound where there is none, BadInput for another one than the own.
        """
        if tenant_id is None or tenant_id == self.caller.tenant_id:
            return self
        if not self.caller.has(PLATFORM):
            raise BadInput("tenant_id: this is not your tenant. Leave it out, or send your own.")
        require_tenant(database_of(self.request), tenant_id)
        return self.within(tenant_id)

    def once(self, body: bytes, do: Callable[[Session], dict[str, Any]]) -> Response:
        """Make something; the same Idempotency-Key with the same request makes nothing twice."""
        key = self.request.headers.get("idempotency-key")
        with self.writing() as session:
            if key is None:
                return answer(do(session), 201)
            path = self.request.url.path
            wanted = idempotency.hash_of(self.request.method, path, body)
            known = idempotency.told(session, self.caller, key, wanted)
            if known is not None:
                return Response(known.body, known.status, media_type="application/json")
            made = answer(do(session), 201)
            told = Told(made.status_code, bytes(made.body).decode())
            idempotency.remember(session, self.caller, key, wanted, told)
            return made


class Need:
    """A route's right. `right` and `platform` are what the tests read off the routes.

    With `platform` an operator of the platform may ask, too, and names the tenant by `?tenant_id=`
    (or in what is sent, see `Ask.meant`).
    """

    def __init__(self, resource: str, action: str, *, platform: bool = False) -> None:
        self.right = f"{resource}:{action}"
        self.platform = platform

    def __call__(self, request: Request, _: Annotated[Any, Depends(_BEARER)]) -> Ask:
        caller = bearer_caller(request)
        if caller.is_platform:
            if not self.platform:
                raise NotAllowed("An operator of the platform sees no tenant's data.")
            return _named(Ask(request, replace(caller, rights=ALL)))
        with database_of(request).read(caller.tenant) as session:
            rights = rights_of(session, caller.tenant, caller.user_id)
        if self.right not in rights:
            raise NotAllowed(
                f"This needs the permission '{self.right}'. Ask an administrator of your tenant."
            )
        return Ask(request, replace(caller, rights=rights))


def _named(ask: Ask) -> Ask:
    given = ask.request.query_params.get("tenant_id")
    try:
        return ask.meant(UUID(given) if given else None)
    except ValueError as fault:
        raise BadInput("tenant_id: this is not an id.") from fault


def needs(resource: str, action: str, *, platform: bool = False) -> Any:
    """The dependency of a route that needs a right."""
    return Depends(Need(resource, action, platform=platform))
