"""Signers and signed documents, made once: the real thing, with the clock standing still."""

from collections.abc import Iterator

import pytest
from sample_certificate import certificate
from sample_report import PREPARED, photo, snapshot
from sample_signers import BODY, CLIENT, LEAD, Tenant, make_tenant

from intact_core import clock
from intact_core.documents.audit_report import render_report
from intact_core.documents.certificate import render_certificate
from intact_core.documents.signing import seal_drawn_signature, sign_certificate, sign_report


@pytest.fixture(scope="session", autouse=True)
def _clock_of_the_sample() -> Iterator[None]:
    clock.use(lambda: PREPARED)
    yield
    clock.use(None)


@pytest.fixture(scope="session")
def tenant(_clock_of_the_sample: None) -> Tenant:
    return make_tenant("Meridian Certification")


@pytest.fixture(scope="session")
def rival(_clock_of_the_sample: None) -> Tenant:
    return make_tenant("Rival Certification")


@pytest.fixture(scope="session")
def rendered() -> bytes:
    return render_report(snapshot(3, 0), photo)


@pytest.fixture(scope="session")
def lead_signed(rendered: bytes, tenant: Tenant) -> bytes:
    return sign_report(rendered, tenant.lead, LEAD)


@pytest.fixture(scope="session")
def signed(lead_signed: bytes, tenant: Tenant) -> bytes:
    return seal_drawn_signature(lead_signed, tenant.lead, CLIENT)


@pytest.fixture(scope="session")
def signed_certificate(tenant: Tenant) -> bytes:
    return sign_certificate(render_certificate(certificate()), tenant.server, BODY)
