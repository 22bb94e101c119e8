"""Certificates in the back office: issued after the decision, and everything that follows."""

import re

from intact_core.records.certificates import CertificateHistory
from sync_server.services.demo import PASSWORD
from tests.server.conftest import Server
from tests.server.site_work import LEAD, decision, do_site_work, submitted

BINDING = {"password": PASSWORD}


def test_issued_later_suspended_reinstated_amended_withdrawn(server: Server) -> None:
    work = do_site_work(server)
    submitted(server, work)
    reviewer, lead = server.person("reviewer@demo.example"), server.person(LEAD)
    audit = f"/audits/{work.audit_id}"
    page = reviewer.done(f"{audit}/decision", decision(issue_later="yes"))
    assert "Issue the certificate" in page
    assert "Issue the certificate" not in lead.get(audit)
    assert lead.post(f"{audit}/certificate", BINDING).status_code == 403
    assert "password is wrong" in reviewer.done(f"{audit}/certificate", {"password": "x"})
    page = reviewer.done(f"{audit}/certificate", BINDING)
    here = re.search(r'action="(/certificates/[0-9a-f-]+)/suspend"', page)[1]
    number = re.search(r"<h1>([^<]+)</h1>", page)[1]
    assert "is issued already" in reviewer.done(f"{audit}/certificate", BINDING)

    why = BINDING | {"reason": "The annual fee is open.", "ground": "unpaid_fees"}
    assert lead.post(f"{here}/suspend", why).status_code == 403
    assert "Say why." in reviewer.done(f"{here}/suspend", why | {"reason": " "})
    assert "must be one of" in reviewer.done(f"{here}/suspend", why | {"ground": "x"})
    assert "Reinstate the certificate" in reviewer.done(f"{here}/suspend", why)
    assert "is suspended" in server.client().get(f"/verify/{number}").text
    page = reviewer.done(f"{here}/reinstate", BINDING | {"reason": "Paid."})
    assert "Change the scope" in page
    page = reviewer.done(f"{here}/amend", BINDING | {"reason": "Sold.", "scope": "Pumps alone"})
    assert "revision 2" in page
    page = reviewer.done(f"{here}/withdraw", BINDING | {"reason": "The client stopped."})
    assert "Withdraw the certificate" not in page
    assert "was withdrawn" in server.client().get(f"/verify/{number}").text
    with server.database.read(server.tenant_of(LEAD)) as session:
        rows = session.query(CertificateHistory).order_by(CertificateHistory.id).all()
        assert [row.action for row in rows] == [
            "issued",
            "suspended",
            "reinstated",
            "amended",
            "withdrawn",
        ]
    assert reviewer.post(f"{here}/burn", BINDING).status_code == 404
