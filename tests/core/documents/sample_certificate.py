"""A certificate as a certification body would issue it."""

from datetime import date

from sample_report import PREPARED

from intact_core.documents.certificate_data import CertificateData, CertifiedSite

SCOPE = "Design, machining and assembly of gear units for wind turbines, with service on site."


def certificate(**changes: object) -> CertificateData:
    """A whole certificate; `changes` replace fields."""
    values: dict[str, object] = {
        "certificate_id": "0195a7c0-1f00-7abc-8def-0123456789ac",
        "number": "CERT-2026-00017",
        "revision": 1,
        "prepared_at": PREPARED,
        "client_name": "Lindqvist & Søn Gearworks A/S",
        "client_address": "Mill Road 4, 8000 Aarhus, Denmark",
        "scope": SCOPE,
        "standard_code": "ISO 9001",
        "standard_name": "Quality management systems",
        "standard_version": "2015",
        "effective_from": date(2026, 3, 20),
        "expires_on": date(2029, 3, 19),
        "body_name": "Meridian Certification",
        "body_address": "Harbour Street 9, 2100 Copenhagen, Denmark",
        "first_certified_on": date(2020, 3, 20),
        "sites": (
            CertifiedSite("Head office", "Mill Road 4, 8000 Aarhus", "Design, machining"),
            CertifiedSite("Hall B", "Mill Road 11, 8000 Aarhus", "Assembly and test"),
        ),
        "accreditation_number": "1234",
        "iaf_codes": "17, 18",
        "verify_address": "https://audits.meridian.example/verify/CERT-2026-00017",
    }
    return CertificateData(**(values | changes))  # type: ignore[arg-type]
