"""Invoices and payments by the Intact API: sums, what follows from the day, money counts once."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi.testclient import TestClient

from tests.server.conftest import Server
from tests.server.intact_api import samples_clients
from tests.server.intact_api.samples_business import INVOICE, PAYMENT, create, send
from tests.server.intact_api.test_business import SOON, TODAY, YESTERDAY, refused, total
from tests.server.intact_api.together import at_once

OFFICE = "cbadmin@demo.example"


def client_of(office: TestClient) -> str:
    made: dict[str, str] = {}
    samples_clients.make(office, made)
    return made["clients"]


def invoice(office: TestClient, client_id: str, **more: Any) -> str:
    given = {"client_id": client_id, "amount": 1000, "issue_date": YESTERDAY, "due_date": SOON}
    return create(office, "invoices", given | more)


def payment(invoice_id: str, amount: float, **more: Any) -> dict[str, Any]:
    given = {"payment_method": "bank_transfer", "payment_date": str(TODAY)} | more
    return {"invoice_id": invoice_id, "amount": amount, **given}


def test_an_invoice_adds_up(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = client_of(office)
    body = INVOICE | {"client_id": client}
    told = refused(office, "POST", "invoices", body | {"total_amount": 174000.01}, 400)
    assert "amount + tax_amount is 174000" in told
    assert "due_date" in refused(office, "POST", "invoices", body | {"due_date": "2025-07-19"}, 400)
    assert refused(office, "POST", "invoices", body | {"status": "paid"}, 400)
    assert refused(office, "POST", "invoices", body | {"amount": -1}, 400)
    path = f"invoices/{create(office, 'invoices', body)}"
    assert "duplicate" in refused(office, "POST", "invoices", body)
    assert send(office, "PUT", path, {"due_date": "2025-09-19"})["due_date"] == "2025-09-19"
    assert send(office, "PUT", path, {"tax_amount": 0})["total_amount"] == 150000
    assert "is 150000" in refused(office, "PUT", path, {"total_amount": 174000}, 400)
    assert "must not be empty" in refused(office, "PUT", path, {"amount": None}, 400)
    other = create(office, "clients", {"legal_name": "Other Ltd"})
    dates = {"start_date": YESTERDAY, "end_date": SOON}
    contract = create(office, "contracts", {"client_id": other, **dates})
    foreign = {**body, "invoice_number": "X", "contract_id": contract}
    assert "another client" in refused(office, "POST", "invoices", foreign, 400)


def test_the_lines_of_an_invoice_come_to_its_amount(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = client_of(office)
    lines = [
        {"description": "Audit days", "quantity": 3, "unit_price": 45000},
        {"description": "Travel", "unit_price": 15000.5},
    ]
    body = {"client_id": client, "issue_date": YESTERDAY, "due_date": SOON, "items": lines}
    made = send(office, "POST", "invoices", {**body, "tax_amount": 24000}, 201)
    assert (made["amount"], made["total_amount"], made["currency"]) == (150000.5, 174000.5, "KES")
    assert [one["amount"] for one in made["items"]] == [135000, 15000.5]
    path = f"invoices/{made['id']}"
    assert "items) come to" in refused(office, "PUT", path, {"amount": 1}, 400)
    assert "items) come to" in refused(office, "POST", "invoices", {**body, "amount": 1}, 400)
    wrong = [{**lines[0], "amount": 1}]
    assert "line 1 says 1" in refused(office, "PUT", path, {"items": wrong}, 400)
    changed = send(office, "PUT", path, {"items": lines[:1]})
    assert (changed["total_amount"], len(changed["items"])) == (159000, 1)
    assert send(office, "PUT", path, {"items": [], "amount": 5})["items"] == []
    del body["items"]
    assert "Send amount" in refused(office, "POST", "invoices", body, 400)


def test_overdue_follows_from_the_day_and_filters_tell_it_apart(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = client_of(office)
    late = invoice(office, client, issue_date="2025-01-01", due_date=YESTERDAY)
    invoice(office, client, due_date=str(TODAY))
    assert send(office, "GET", f"invoices/{late}")["status"] == "overdue"
    found = {
        status: total(office, f"invoices?status={status}")
        for status in ("issued", "overdue", "paid", "cancelled")
    }
    assert found == {"issued": 1, "overdue": 1, "paid": 0, "cancelled": 0}
    marked = send(office, "POST", f"invoices/{late}/mark-paid")
    assert (marked["status"], len(marked["paid_at"])) == ("paid", 19)
    assert "transition" in refused(office, "POST", f"invoices/{late}/mark-paid")
    reason = {"cancellation_reason": "Issued in error"}
    assert "transition" in refused(office, "POST", f"invoices/{late}/cancel", reason)
    assert "closed" in refused(office, "PUT", f"invoices/{late}", {"due_date": SOON})
    assert total(office, f"invoices?status=overdue&client_id={client}") == 0
    assert office.delete(f"/api/v1/invoices/{late}").status_code == 405
    own = server.bearer("client@demo.example")
    assert total(own, "invoices") == 0
    assert refused(own, "GET", f"invoices/{late}", status=404)


def test_payments_settle_an_invoice_and_money_counts_once(server: Server) -> None:
    office = server.bearer(OFFICE)
    bill = invoice(office, client_of(office))
    first = send(office, "POST", "payments", payment(bill, 400, transaction_id="T1"), 201)
    assert first["payment_number"] == f"PAY-{TODAY.year}-001"
    assert (
        send(office, "GET", f"invoices/{bill}").items()
        >= {
            "status": "issued",
            "paid_amount": 400,
        }.items()
    )
    told = refused(office, "POST", "payments", payment(bill, 600, transaction_id="T1"))
    assert told.startswith("duplicate")
    for wrong in ({"amount": 0}, {"amount": -1}, {"payment_method": "gold"}, {"amount": "NaN"}):
        assert refused(office, "POST", "payments", payment(bill, 1) | wrong, 400)
    second = send(office, "POST", "payments", payment(bill, 600), 201)
    assert send(office, "GET", f"invoices/{bill}")["status"] == "paid"
    twice = create(office, "payments", payment(bill, 0.5))
    assert send(office, "GET", f"invoices/{bill}")["paid_amount"] == 1000.5
    assert send(office, "GET", "reports/financial")["figures"]["overpaid_invoices"] == 1
    send(office, "DELETE", f"payments/{twice}")
    assert send(office, "GET", f"invoices/{bill}")["status"] == "paid"
    path = f"payments/{second['id']}"
    assert refused(office, "PUT", path, {"amount": 1}, 400)
    assert send(office, "PUT", path, {"notes": "Corrected reference"})["amount"] == 600
    send(office, "DELETE", f"payments/{first['id']}")
    assert (
        send(office, "GET", f"invoices/{bill}").items()
        >= {
            "status": "issued",
            "paid_at": None,
            "paid_amount": 600,
        }.items()
    )
    assert "has_payments" in refused(
        office, "POST", f"invoices/{bill}/cancel", {"cancellation_reason": "Wrong"}
    )
    # The transaction that was taken back may be booked again.
    send(office, "POST", "payments", payment(bill, 400, transaction_id="T1"), 201)
    assert send(office, "GET", f"invoices/{bill}")["status"] == "paid"
    assert total(office, f"payments?invoice_id={bill}") == 2


def test_what_was_marked_by_hand_stays_paid_and_a_smaller_total_settles(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = client_of(office)
    bill = invoice(office, client)
    part = create(office, "payments", payment(bill, 400))
    send(office, "POST", f"invoices/{bill}/mark-paid")
    send(office, "DELETE", f"payments/{part}")
    assert send(office, "GET", f"invoices/{bill}")["status"] == "paid"
    other = invoice(office, client)
    create(office, "payments", payment(other, 400))
    assert send(office, "PUT", f"invoices/{other}", {"amount": 400})["status"] == "paid"
    void = invoice(office, client)
    reason = {"cancellation_reason": "Issued in error"}
    assert send(office, "POST", f"invoices/{void}/cancel", reason).items() >= reason.items()
    assert "cancelled" in refused(office, "POST", "payments", payment(void, 1))


def posts(clients: Sequence[TestClient], path: str, *bodies: Any) -> list[int]:
    """The statuses of requests that are sent together, each by another client, in order."""

    def post(one: TestClient, body: Any) -> Callable[[], int]:
        return lambda: one.post(f"/api/v1/{path}", json=body).status_code

    return sorted(at_once(*(post(*pair) for pair in zip(clients, bodies, strict=True))))


def test_two_payments_at_once_settle_once_and_count_once(server: Server) -> None:
    two = office, _ = server.bearer(OFFICE), server.bearer(OFFICE)
    client = client_of(office)
    bill = invoice(office, client)
    assert posts(two, "payments", payment(bill, 600), payment(bill, 600)) == [201, 201]
    settled = send(office, "GET", f"invoices/{bill}")
    assert (settled["status"], settled["paid_amount"]) == ("paid", 1200)
    one = payment(invoice(office, client), 1000, transaction_id="A")
    assert posts(two, "payments", one, one) == [201, 409]
    assert send(office, "GET", f"invoices/{one['invoice_id']}")["paid_amount"] == 1000
    third, fourth = invoice(office, client), invoice(office, client)
    same = [payment(one, 1000, transaction_id="B") for one in (third, fourth)]
    assert posts(two, "payments", *same) == [201, 409]


def test_two_decisions_at_once_do_not_both_succeed(server: Server) -> None:
    two = office, _ = server.bearer(OFFICE), server.bearer(OFFICE)
    client = client_of(office)
    assert posts(two, f"invoices/{invoice(office, client)}/mark-paid", None, None) == [200, 409]
    dates = {"start_date": YESTERDAY, "end_date": SOON}
    contract = create(office, "contracts", {"client_id": client, **dates})
    signature = {"signature_data": "QUJD"}
    assert posts(two, f"contracts/{contract}/sign", signature, signature) == [200, 409]
    reason = {"termination_reason": "Agreed"}
    assert posts(two, f"contracts/{contract}/terminate", reason, reason) == [200, 409]
    void = invoice(office, client)
    reason = {"cancellation_reason": "Issued in error"}
    assert posts(two, f"invoices/{void}/cancel", reason, reason) == [200, 409]


def test_the_documents_answer_to_mark_paid(server: Server) -> None:
    office = server.bearer(OFFICE)
    bill = create(office, "invoices", INVOICE | {"client_id": client_of(office)})
    answer = office.post(f"/api/v1/invoices/{bill}/mark-paid").json()
    assert (answer["success"], answer["message"]) == (True, "Invoice marked as paid")
    # Money that came for it may still be booked.
    create(office, "payments", PAYMENT | {"invoice_id": bill})


def test_what_others_stand_on_is_not_removed(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = client_of(office)
    standards = office.get("/api/v1/standards").json()["data"]
    wanted = {"client_id": client, "standard_id": standards[0]["id"]}
    application = create(office, "applications", wanted)
    offer = create(office, "quotations", {"application_id": application, "total_amount": 1})
    assert "in_use" in refused(office, "DELETE", f"applications/{application}")
    send(office, "DELETE", f"quotations/{offer}")
    send(office, "DELETE", f"applications/{application}")
    dates = {"start_date": YESTERDAY, "end_date": SOON}
    contract = create(office, "contracts", {"client_id": client, **dates})
    bill = invoice(office, client, contract_id=contract)
    assert "in_use" in refused(office, "DELETE", f"contracts/{contract}")
    assert "in_use" in refused(office, "DELETE", f"clients/{client}")
    send(office, "POST", f"invoices/{bill}/mark-paid")
    send(office, "POST", f"contracts/{contract}/sign", {"signature_data": "QUJD"})
    assert "in_use" in refused(office, "DELETE", f"clients/{client}")
    send(office, "POST", f"contracts/{contract}/terminate", {"termination_reason": "Agreed"})
    send(office, "DELETE", f"clients/{client}")


def test_numbers_given_by_hand_are_passed_over(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = client_of(office)
    for number in (1, 2):
        invoice(office, client, invoice_number=f"INV-{TODAY.year}-{number:03d}")
    third = invoice(office, client)
    assert send(office, "GET", f"invoices/{third}")["invoice_number"] == f"INV-{TODAY.year}-003"


def test_a_client_sees_its_own_contract_and_invoice_alone(server: Server) -> None:
    office, own = server.bearer(OFFICE), server.bearer("client@demo.example")
    [acme] = office.get("/api/v1/clients?search=Acme").json()["data"]
    other = client_of(office)
    dates = {"start_date": YESTERDAY, "end_date": SOON}
    for client in (acme["id"], other):
        create(office, "contracts", {"client_id": client, **dates})
        invoice(office, client)
    for path in ("contracts", "invoices"):
        [row] = own.get(f"/api/v1/{path}").json()["data"]
        assert row["client_id"] == acme["id"]
        assert send(own, "GET", f"{path}/{row['id']}")["client_id"] == acme["id"]
        assert total(own, f"{path}?client_id={other}") == 0
    for path in ("applications", "quotations", "payments", "dashboard/stats", "reports/financial"):
        refused(own, "GET", path, status=403)
    refused(own, "POST", f"invoices/{row['id']}/mark-paid", status=403)
