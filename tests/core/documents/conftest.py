"""Signers and signed documents, made once: the real thing, with the clock standing still."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sample_certificate import certificate
from sample_report import PREPARED, photo, snapshot
from sample_signers import BODY, CLIENT, LEAD, Tenant, make_tenant

from intact_core import clock
from intact_core.documents.audit_report import render_report
from intact_core.documents.certificate import render_certificate
from intact_core.documents.signing import seal_drawn_signature, sign_certificate, sign_report


@contextmanager
def _standing() -> Iterator[None]:
    clock.use(lambda: PREPARED)
    try:
        yield
    finally:
        clock.use(None)


# Only as long as one test: the worker's next test may be about something else.
@pytest.fixture(autouse=True)
def _clock_of_the_sample() -> Iterator[None]:
    with _standing():
        yield


@pytest.fixture(scope="session")
def tenant() -> Tenant:
    with _standing():
        return make_tenant("Meridian Certification")


@pytest.fixture(scope="session")
def rival() -> Tenant:
    with _standing():
        return make_tenant("Rival Certification")


@pytest.fixture(scope="session")
def rendered() -> bytes:
    with _standing():
        return render_report(snapshot(3, 0), photo)


@pytest.fixture(scope="session")
def lead_signed(rendered: bytes, tenant: Tenant) -> bytes:
    with _standing():
        return sign_report(rendered, tenant.lead, LEAD)


@pytest.fixture(scope="session")
def signed(lead_signed: bytes, tenant: Tenant) -> bytes:
    with _standing():
        return seal_drawn_signature(lead_signed, tenant.lead, CLIENT)


@pytest.fixture(scope="session")
def signed_certificate(tenant: Tenant) -> bytes:
    with _standing():
        return sign_certificate(render_certificate(certificate()), tenant.server, BODY)
