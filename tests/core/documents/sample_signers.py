"""Who signs the samples: a tenant's authority, a lead's laptop, the server."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from sample_report import PREPARED, drawn_png

from intact_core.documents.signer import Signer
from intact_core.documents.stamps import DrawnSignature, Stamp
from intact_core.documents.x509_certificates import (
    Authority,
    Subject,
    issue_device_certificate,
    issue_document_certificate,
    make_authority,
)

LEAD = Stamp("Ana Silva", "Lead auditor", "I am the author of this report.", PREPARED)
CLIENT = DrawnSignature(
    "Jo Murray", "Quality manager, for the client", "I have received it.", drawn_png(), PREPARED
)
BODY = Stamp("Ingrid Holm", "Certification manager", "Certification is granted.", PREPARED)


@dataclass(frozen=True)
class Tenant:
    """A tenant's authority with a lead's laptop and the server's key for certificates."""

    authority: Authority
    lead: Signer
    server: Signer


def make_tenant(name: str) -> Tenant:
    """A whole tenant, its certificates valid at the moment of the sample."""
    authority = make_authority(name)
    lead_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    subject = Subject("Ana Silva", name, "Laptop 7")
    lead = issue_device_certificate(authority, lead_key.public_key(), subject)
    server = issue_document_certificate(authority, server_key.public_key(), name)
    chain = (authority.certificate,)
    return Tenant(authority, Signer(lead_key, lead, chain), Signer(server_key, server, chain))
