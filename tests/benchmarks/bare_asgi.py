"""The bare answer to a list: one page and the count by the driver, orjson, nothing else."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row

Message = MutableMapping[str, Any]
_COLUMNS = (
    "id, created_at, client_code, legal_name, trading_name, registration_number, tax_id, website,"
    " industry_sector, employee_count, annual_revenue, currency, status"
)
_PAGE = (
    f"SELECT {_COLUMNS} FROM clients WHERE tenant_id = %s AND deleted_at IS NULL"
    " ORDER BY id DESC LIMIT 50"
)
_COUNT = "SELECT count(*) AS total FROM clients WHERE tenant_id = %s AND deleted_at IS NULL"


class App:
    """`uvicorn tests.benchmarks.bare_asgi:app`; the database and the tenant by environment."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        self._tenant = (os.environ.get("BARE_TENANT", ""),)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(
                os.environ["BARE_DATABASE"], autocommit=True, row_factory=dict_row
            )
        rows = await (await self._connection.execute(_PAGE, self._tenant)).fetchall()
        count = await (await self._connection.execute(_COUNT, self._tenant)).fetchone()
        body = orjson.dumps({"data": rows, "count": count}, default=str)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


app = App()
