"""From an application to a signed contract and its audit time, by the Intact API."""

import base64
from datetime import date, timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from tests.server.intact_api import samples_business as samples
from tests.server.intact_api.samples_business import create, send

LATER = str(date.today() + timedelta(days=30))
YESTERDAY = str(date.today() - timedelta(days=1))


@pytest.fixture
def office(server) -> TestClient:
    return server.bearer("cbadmin@demo.example")


@pytest.fixture
def parents(office: TestClient) -> dict[str, str]:
    standard = create(office, "client-sites", {}) if False else None
    return {}
