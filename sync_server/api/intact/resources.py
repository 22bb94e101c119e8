"""The five routes that most resources have: list, make, read, change, remove."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Failure, Many, One, answer, paged
from sync_server.api.intact.fields import Body, Filters, Moment, Shown
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.records import Asked, Kind, Page

Row = Any
Joined = Mapping[UUID, dict[str, Any]]
"""Fields to show beside a row's own, by its id."""
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "The request is not understood, or a value is wrong"},
    401: {"model": Failure, "description": "Not signed in, or the token has ended"},
    403: {"model": Failure, "description": "The permission is missing"},
    404: {"model": Failure, "description": "There is no such record for this caller"},
    409: {"model": Failure, "description": "A duplicate, or a state or rule that forbids it"},
    412: {"model": Failure, "description": "Somebody changed it since: the ETag is another"},
    429: {"model": Failure, "description": "Too many questions from this address; wait a little"},
    500: {"model": Failure, "description": "A fault of the server"},
    503: {"model": Failure, "description": "The database does not answer now; try again"},
}


@dataclass(frozen=True)
class Resource:
    """How a kind of record is shown and taken under one path.

    `computed` are shown fields that are not columns: a function of the row. `single` is what one
    row by itself shows beyond a list's, `more` what of that is asked of the database. `create`,
    `change` and `remove` stand in where a service does more than write the row. With `platform`
    an operator of the platform may ask, too, for a tenant that it names.
    """

    kind: Kind[Any]
    path: str
    right: str
    shown: type[Shown]
    filters: type[Filters] = Filters
    new: type[Body] | None = None
    changes: type[Body] | None = None
    removable: bool = True
    platform: bool = False
    computed: Mapping[str, Callable[[Row], Any]] = field(default_factory=dict)
    joined: Callable[[Session, Sequence[Row]], Joined] | None = None
    """Shown fields that other rows know: asked once for a page, by id of the row."""
    single: type[Shown] | None = None
    more: Mapping[str, Callable[[Session, Row], Any]] = field(default_factory=dict)
    create: Callable[[Session, Caller, dict[str, Any]], Row] | None = None
    change: Callable[[Session, Caller, UUID, dict[str, Any]], Row] | None = None
    remove: Callable[[Session, Caller, UUID], Row] | None = None

    def _joined(self, session: Session, rows: Sequence[Row]) -> Joined:
        return {} if self.joined is None or not rows else self.joined(session, rows)

    @property
    def alone(self) -> type[Shown]:
        """What one row by itself shows."""
        return self.single or self.shown

    def need(self, action: str) -> Any:
        """The dependency of a route that does this to the resource."""
        return needs(self.right, action, platform=self.platform)

    def form(self, row: Row, updated_at: Any = None) -> dict[str, Any]:
        """A row as lists of this API show it."""
        return self._form(row, updated_at, self.shown, self.computed)

    def _form(
        self,
        row: Row,
        updated_at: Any,
        shown: type[Shown],
        computed: Mapping[str, Callable[[Row], Any]],
    ) -> dict[str, Any]:
        told = {"updated_at": lambda _: updated_at} | dict(computed)
        return {
            name: told[name](row) if name in told else getattr(row, name)
            for name in shown.model_fields
        }

    def told(self, session: Session, row: Row, message: str | None = None) -> dict[str, Any]:
        """The envelope around one row."""
        head = records.head_of(session, self.kind, row)
        said = {} if message is None else {"message": message}
        asked = {name: partial(ask, session) for name, ask in self.more.items()}
        data = self._form(row, head.updated_at, self.alone, {**self.computed, **asked})
        joined = self._joined(session, [row]).get(row.id, {})
        return {"success": True, **said, "data": data | joined}

    def done(self, session: Session, row: Row, message: str | None = None) -> Response:
        """The answer about one row, with the tag of its version."""
        rev = records.head_of(session, self.kind, row).rev
        return answer(self.told(session, row, message), ETag=f'"{rev}"')

    def listing(self, session: Session, caller: Caller, filters: Filters) -> Response:
        """The answer about one page."""
        find = partial(records.listed, session, caller, self.kind)
        return self.page(filters, find, partial(self._joined, session))

    def below(
        self, ask: Ask, parent: tuple[str, Kind[Any]], id_: UUID, filters: Filters
    ) -> Response:
        """One page of what belongs to a row; `parent` is the column and the kind of that row."""
        column, kind = parent
        with ask.reading() as session:
            records.one(session, ask.caller, kind, id_)
            mine: Any = {column: id_}
            return self.listing(session, ask.caller, self.filters(**filters.model_dump(), **mine))

    def page(
        self,
        filters: Filters,
        find: Callable[[Asked], Page],
        join: Callable[[Sequence[Row]], Joined] = lambda _: {},
    ) -> Response:
        """The same, however the rows are found."""
        given = filters.model_dump(exclude_none=True)
        page, limit = given.pop("page"), given.pop("limit")
        search = given.pop("search", None)
        found = find(Asked(page, limit, search, given))
        more = join(found.rows)
        rows = [self.form(row, row.updated_at) | more.get(row.id, {}) for row in found.rows]
        return paged(rows, page, limit, found.total)

    def removed(self, row: Row) -> Response:
        """The answer about a row that was removed."""
        return answer({"success": True, "data": {"id": row.id, "deleted_at": row.deleted_at}})


class Removed(BaseModel):
    id: UUID
    deleted_at: Moment


def router_of(resource: Resource, tag: str) -> APIRouter:
    """A router with the routes that the resource has; others are added to it after these."""
    router = APIRouter(prefix=f"/api/v1/{resource.path}", tags=[tag], responses=ERRORS)
    _add_list(router, resource)
    if resource.new is not None:
        _add_create(router, resource)
    return router


def add_single(router: APIRouter, resource: Resource) -> None:
    """The routes of one row. They come last: a fixed word goes before an id."""
    _add_read(router, resource)
    if resource.changes is not None:
        _add_change(router, resource)
    if resource.removable:
        _add_remove(router, resource)


def shows(model: Any) -> dict[str, Any]:
    """What a route that answers by itself says of its answer."""
    return {
        "response_model": None,
        "responses": {200: {"model": One[model], "description": "Done"}},
    }


def _typed(handler: Callable[..., Response], **types: Any) -> Callable[..., Response]:
    # The models differ from resource to resource, so the framework is told here.
    handler.__annotations__ = {**handler.__annotations__, **types}
    return handler


def _add_list(router: APIRouter, resource: Resource) -> None:
    def listing(ask: Annotated[Ask, resource.need("read")], filters: Any) -> Response:
        with ask.reading() as session:
            return resource.listing(session, ask.caller, filters)

    router.get(
        "",
        summary=f"List {_words(resource.path)}",
        response_model=None,
        responses={200: {"model": Many[resource.shown], "description": "One page"}},  # type: ignore[name-defined]
    )(_typed(listing, filters=Annotated[resource.filters, Query()]))


def _add_create(router: APIRouter, resource: Resource) -> None:
    def create(
        ask: Annotated[Ask, resource.need("create")],
        given: Any,
        idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
    ) -> Response:
        del idempotency_key
        meant = ask.meant(getattr(given, "tenant_id", None))

        def do(session: Session) -> dict[str, Any]:
            made = resource.create or partial(_create, resource.kind)
            return resource.told(session, made(session, meant.caller, given.values()))

        return meant.once(given.model_dump_json(exclude_unset=True).encode(), do)

    router.post(
        "",
        summary=f"Make one of the {_words(resource.path)}",
        status_code=201,
        response_model=None,
        responses={201: {"model": One[resource.alone], "description": "Made"}},  # type: ignore[name-defined]
    )(_typed(create, given=resource.new))


def _add_read(router: APIRouter, resource: Resource) -> None:
    def read(id: UUID, ask: Annotated[Ask, resource.need("read")]) -> Response:
        with ask.reading() as session:
            row = records.one(session, ask.caller, resource.kind, id)
            return resource.done(session, row)

    summary = f"One of the {_words(resource.path)}"
    router.get("/{id}", summary=summary, **shows(resource.alone))(read)


def _add_change(router: APIRouter, resource: Resource) -> None:
    def change(
        id: UUID,
        ask: Annotated[Ask, resource.need("update")],
        given: Any,
        if_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        with ask.writing() as session:
            records.require_version(session, ask.caller, resource.kind, id, if_match)
            done = resource.change or partial(_change, resource.kind)
            return resource.done(session, done(session, ask.caller, id, given.values()))

    summary = f"Change one of the {_words(resource.path)}: the fields that are sent"
    router.put("/{id}", summary=summary, **shows(resource.alone))(
        _typed(change, given=resource.changes)
    )


def _add_remove(router: APIRouter, resource: Resource) -> None:
    def remove(id: UUID, ask: Annotated[Ask, resource.need("delete")]) -> Response:
        with ask.writing() as session:
            done = resource.remove or partial(_remove, resource.kind)
            return resource.removed(done(session, ask.caller, id))

    summary = f"Remove one of the {_words(resource.path)}; the row is kept"
    router.delete("/{id}", summary=summary, **shows(Removed))(remove)


def _create(kind: Kind[Any], session: Session, caller: Caller, values: dict[str, Any]) -> Row:
    return records.create(session, caller, kind, values)


def _change(
    kind: Kind[Any], session: Session, caller: Caller, id_: UUID, values: dict[str, Any]
) -> Row:
    return records.change(session, caller, kind, id_, values)


def _remove(kind: Kind[Any], session: Session, caller: Caller, id_: UUID) -> Row:
    return records.remove(session, caller, kind, id_, "removed through the API")


def _words(path: str) -> str:
    return path.replace("-", " ")
