"""Checking a report or certificate that somebody holds, against this server's authorities."""

from cryptography import x509

from intact_core.documents.verification import verify_pdf
from intact_core.documents.verification_data import Verification
from intact_core.errors import BadInput
from sync_server.auth.keys import TenantKeys
from sync_server.database.engine import Database
from sync_server.services.tenants import list_tenants

LARGEST = 30_000_000
"""Bytes of a PDF that anybody may have checked."""


def authorities(database: Database, keys: TenantKeys) -> list[x509.Certificate]:
    """The authorities of all certification bodies on this server: they are public."""
    found = []
    for tenant in list_tenants(database):
        with database.read(tenant.id) as session:
            found.append(keys.authority(session, tenant.id).certificate)
    return found


def check_document(database: Database, keys: TenantKeys, content: bytes) -> Verification:
    """Each step of the check in words, and the verdict; raises BadInput for too large a file."""
    if len(content) > LARGEST:
        raise BadInput("This file is larger than 30 MB, too large to be checked here.")
    return verify_pdf(content, trusted=authorities(database, keys))
