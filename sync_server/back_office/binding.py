"""What is binding: the password is asked for again, and documents are signed."""

from fastapi import Request

from sync_server.auth.permissions import (
    address_of,
    database_of,
    keys_of,
    passwords_of,
    settings_of,
)
from sync_server.auth.sign_in import confirm_password
from sync_server.back_office.page import Posted
from sync_server.services.certificates import Issuer


def confirm(request: Request, sent: Posted) -> None:
    """Raises NotSignedIn unless the form has the caller's password."""
    password = sent.form.values.get("password", "")
    database, address = database_of(request), address_of(request)
    confirm_password(database, passwords_of(request), sent.caller, password, address)


def issuer_of(request: Request) -> Issuer:
    """What issuing needs of the server."""
    return Issuer(request.app.state.blobs, keys_of(request), settings_of(request).public_url)
