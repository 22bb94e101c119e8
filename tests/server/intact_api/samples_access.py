"""A user, a role and a permission, as the API's documentation sends them; the newest log entry."""

from httpx2 import Client


def make(client: Client, made: dict[str, str]) -> None:
    me = client.get("/api/v1/auth/me").json()["data"]
    made["tenants"] = me["tenant_id"]
    role = {
        "tenant_id": me["tenant_id"],
        "name": "Quality Manager",
        "description": "Manages quality processes",
        "is_system_role": False,
    }
    made["roles"] = _made(client, "roles", role)
    user = {
        "tenant_id": me["tenant_id"],
        "email": "user@example.com",
        "password": "secure_password",
        "first_name": "John",
        "last_name": "Doe",
        "job_title": "Lead Auditor",
        "phone": "+254700000000",
        "is_active": True,
    }
    made["users"] = _made(client, "users", user)
    # The pair of the documentation is one of those that are there from the start.
    [there] = [
        one
        for one in client.get("/api/v1/permissions?resource=report").json()["data"]
        if one["action"] == "export"
    ]
    assert client.delete(f"/api/v1/permissions/{there['id']}").status_code == 200
    permission = {
        "resource": "report",
        "action": "export",
        "description": "Ability to export reports",
    }
    made["permissions"] = _made(client, "permissions", permission)
    made["audit-logs"] = client.get("/api/v1/audit-logs?limit=1").json()["data"][0]["id"]


def _made(client: Client, path: str, given: dict) -> str:
    answer = client.post(f"/api/v1/{path}", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]
