"""The office records who is competent; without it nobody decides."""

from tests.server.conftest import Server


def test_a_competence_is_recorded_and_shown(server: Server) -> None:
    office = server.person("cbadmin@demo.example")
    page = office.get("/competences")
    assert "Peter Mwangi" in page
    assert "Decides on certification" in page


def test_what_cannot_be_is_said_and_what_was_typed_stays(server: Server) -> None:
    office = server.person("cbadmin@demo.example")
    sent = {"person": "", "standard": "", "level": "decider", "until": "2020-01-01"}
    page = office.post("/competences", sent).text
    assert "Choose from the list" in page
    assert 'value="2020-01-01"' in page
