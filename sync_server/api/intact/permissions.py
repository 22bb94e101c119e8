"""The permissions that roles and people can be given."""

from typing import Annotated

from pydantic import StringConstraints

from sync_server.api.intact.fields import Body, Filters, Shown, Text, example
from sync_server.api.intact.resources import Resource, add_single, router_of
from sync_server.services.permissions import (
    PERMISSIONS,
    create_permission,
    remove_permission,
)

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""Such as `audit_schedule`."""


class PermissionChanges(Body):
    model_config = example(description="Updated description")

    description: Text | None = None


class NewPermission(PermissionChanges):
    model_config = example(
        resource="report", action="export", description="Ability to export reports"
    )

    resource: Word
    action: Word


class ShownPermission(Shown):
    resource: str
    action: str
    description: str | None


class PermissionFilters(Filters):
    resource: str | None = None
    action: str | None = None


PERMISSION = Resource(
    PERMISSIONS,
    "permissions",
    "permission",
    ShownPermission,
    PermissionFilters,
    NewPermission,
    PermissionChanges,
    platform=True,
    create=create_permission,
    remove=remove_permission,
)
router = router_of(PERMISSION, "Permissions")
add_single(router, PERMISSION)
routers = (router,)
