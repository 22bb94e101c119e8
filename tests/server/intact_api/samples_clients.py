"""A client with a contact and a site, as the API's documentation sends them."""

from httpx2 import Client


def make(client: Client, made: dict[str, str]) -> None:
    given = {
        "client_code": "CLT001",
        "legal_name": "ABC Manufacturing Ltd",
        "trading_name": "ABC Manufacturing",
        "registration_number": "REG123456",
        "tax_id": "TAX789012",
        "website": "https://abcmfg.com",
        "industry_sector": "Manufacturing",
        "employee_count": 500,
        "annual_revenue": 50000000,
        "currency": "KES",
        "status": "active",
    }
    made["clients"] = _made(client, "clients", given)
    contact = {
        "client_id": made["clients"],
        "first_name": "John",
        "last_name": "Smith",
        "job_title": "Quality Manager",
        "email": "john.smith@example.com",
        "phone": "+254700000000",
        "mobile": "+254711111111",
        "is_primary": True,
        "is_billing": True,
        "is_technical": False,
    }
    made["client-contacts"] = _made(client, "client-contacts", contact)
    site = {
        "client_id": made["clients"],
        "site_name": "Nairobi Office",
        "site_code": "NBO001",
        "address_line1": "123 Moi Avenue",
        "city": "Nairobi",
        "country": "Kenya",
        "is_headquarters": True,
        "is_active": True,
    }
    made["client-sites"] = _made(client, "client-sites", site)


def _made(client: Client, path: str, given: dict) -> str:
    answer = client.post(f"/api/v1/{path}", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]
