"""Whether the server works."""

from typing import Any

from fastapi import APIRouter, Request

from intact_core import clock
from sync_server.auth.permissions import database_of

router = APIRouter(tags=["Health"])


@router.get("/api/health")
def health(request: Request) -> dict[str, Any]:
    """Answers once the database does."""
    database = database_of(request)
    database.ask()
    return {"status": "ok", "database": database.engine.dialect.name, "time": clock.now()}
