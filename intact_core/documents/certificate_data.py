"""What a certificate states: the data it is rendered from and that is attached to it."""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from intact_core import canonical
from intact_core.errors import BadInput

VALIDITY_STATEMENT = (
    "This certificate is valid until the date shown as long as the management system passes its "
    "surveillance audits. Whether it is valid today can be seen at the address below. It remains "
    "the property of the certification body."
)


@dataclass(frozen=True)
class CertifiedSite:
    """A site covered by the certificate, with the part of the scope it carries out."""

    name: str
    address: str
    scope: str = ""


@dataclass(frozen=True)
class CertificateData:
    """The contents of a certificate (17021-1:2015, 8.2.2).

    `effective_from` is the date of the grant, change or renewal, never before the decision.
    `first_certified_on` is shown where an earlier certificate stands behind this one; for one
    restored after it lapsed the three `cycle` fields are shown with it. Accreditation texts are
    empty where the scope is not accredited on that day. `claims` are the compact signed claims.
    """

    certificate_id: str
    number: str
    revision: int
    prepared_at: datetime
    client_name: str
    client_address: str
    scope: str
    standard_code: str
    standard_name: str
    standard_version: str
    effective_from: date
    expires_on: date
    body_name: str
    body_address: str = ""
    first_certified_on: date | None = None
    cycle_started_on: date | None = None
    last_cycle_expired_on: date | None = None
    recertification_audited_on: date | None = None
    sites: tuple[CertifiedSite, ...] = ()
    accreditation_body: str = ""
    accreditation_number: str = ""
    iaf_codes: str = ""
    signer_name: str = ""
    signer_role: str = ""
    verify_address: str = ""
    claims: str = ""
    validity_statement: str = VALIDITY_STATEMENT

    @property
    def standard(self) -> str:
        """Standard with its edition: ISO 9001:2015."""
        return f"{self.standard_code}:{self.standard_version}".rstrip(":")


def to_json(data: CertificateData) -> bytes:
    """The data as canonical JSON: the bytes that are attached to the PDF and hashed."""
    return canonical.dumps(msgspec.to_builtins(data))


def from_json(data: bytes) -> CertificateData:
    """Read `to_json` back without loss; raises BadInput where the bytes are no certificate."""
    try:
        return msgspec.json.decode(data, type=CertificateData)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            "The machine-readable certificate in this file cannot be read. Ask the certification "
            "body for the original file.",
            details=str(error),
        ) from error
