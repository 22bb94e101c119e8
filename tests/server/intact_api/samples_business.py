"""One row of each resource from client to payment, made with the examples of the API's document."""

from datetime import timedelta
from typing import Any

from httpx2 import Client

from intact_core import clock

APPLICATION = {
    "application_number": "APP-2025-001",
    "scheme_type": "ISO 9001",
    "scope_description": "Manufacturing of industrial equipment",
    "status": "draft",
}
QUOTATION = {
    "quotation_number": "Q-2025-001",
    "total_amount": 150000,
    "currency": "KES",
    "audit_days": 3,
    "daily_rate": 45000,
    "travel_cost": 15000,
    "valid_until": "2025-07-15",
}
CONTRACT = {
    "contract_number": "CT-2025-001",
    "start_date": "2025-07-01",
    "end_date": "2028-06-30",
    "auto_renew": False,
    "terms_and_conditions": "Standard terms apply...",
}
INVOICE = {
    "invoice_number": "INV-2025-001",
    "amount": 150000,
    "tax_amount": 24000,
    "total_amount": 174000,
    "currency": "KES",
    "issue_date": "2025-07-20",
    "due_date": "2025-08-19",
    "status": "issued",
}
PAYMENT = {
    "payment_number": "PAY-2025-001",
    "amount": 174000,
    "payment_method": "bank_transfer",
    "transaction_id": "TRX123456",
    "payment_date": "2025-07-25",
    "notes": "Full payment received",
}


def send(client: Client, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """What the API answers; the status has to be the one expected."""
    answer = client.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json().get("data", answer.json())


def create(client: Client, path: str, body: dict[str, Any]) -> str:
    return str(send(client, "POST", path, body, 201)["id"])


def make(client: Client, made: dict[str, str]) -> None:
    """The way from an application to a payment. `made` holds "clients" and "standards"."""
    parents = {"client_id": made["clients"], "standard_id": made["standards"]}
    made["applications"] = create(client, "applications", APPLICATION | parents)
    send(client, "POST", f"applications/{made['applications']}/submit")
    send(client, "POST", f"applications/{made['applications']}/approve")
    of_application = {"application_id": made["applications"]}
    made["quotations"] = create(client, "quotations", QUOTATION | of_application)
    later = {"valid_until": str(clock.today() + timedelta(days=30))}
    send(client, "PUT", f"quotations/{made['quotations']}", later)
    send(client, "POST", f"quotations/{made['quotations']}/accept")
    of_client = {"client_id": made["clients"]}
    agreed = CONTRACT | of_client | {"quotation_id": made["quotations"]}
    made["contracts"] = create(client, "contracts", agreed)
    of_contract = of_client | {"contract_id": made["contracts"]}
    made["invoices"] = create(client, "invoices", INVOICE | of_contract)
    paid = PAYMENT | {"invoice_id": made["invoices"]}
    made["payments"] = create(client, "payments", paid)
    send(client, "POST", f"applications/{made['applications']}/audit-time", {})
