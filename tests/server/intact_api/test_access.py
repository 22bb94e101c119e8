"""Who may do what: nobody gives more than they have, and somebody can always mend it."""

from uuid import uuid4

from fastapi.testclient import TestClient

from sync_server.services.demo import PASSWORD
from tests.server.conftest import Laptop, Server
from tests.server.intact_api.together import at_once

ADMIN = "cbadmin@demo.example"
NEW_PASSWORD = "four wet stones sing"


def data(answer) -> dict:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["data"]


def refused(answer, status: int, code: str | None = None) -> str:
    body = answer.json()
    assert (answer.status_code, body["status_code"]) == (status, status), answer.text
    assert body["success"] is False
    assert body.get("code") == code, body
    return body["message"]


def rights(client: TestClient, *names: str) -> list[str]:
    """The ids of permissions such as "client:read"."""
    found = {}
    for page in (1, 2):
        rows = client.get(f"/api/v1/permissions?limit=100&page={page}").json()["data"]
        found |= {f"{row['resource']}:{row['action']}": row["id"] for row in rows}
    return [found[name] for name in names]


def role_named(client: TestClient, code: str) -> str:
    rows = client.get("/api/v1/roles?limit=100").json()["data"]
    return next(row["id"] for row in rows if row["code"] == code)


def user_of(client: TestClient, email: str) -> str:
    return client.get(f"/api/v1/users?search={email}").json()["data"][0]["id"]


def make_user(client: TestClient, email: str, *role_ids: str, **more: object) -> str:
    given = {"email": email, "password": PASSWORD, "first_name": "Wanja", "last_name": "Kim"}
    sent = given | {"role_ids": list(role_ids)} | more
    return data(client.post("/api/v1/users", json=sent))["id"]


def test_a_user_from_the_first_to_the_last_day(server: Server) -> None:
    admin = server.bearer(ADMIN)
    sent = {"email": "New.Person@Demo.example", "password": NEW_PASSWORD, "job_title": "Auditor"}
    made = data(admin.post("/api/v1/users", json=sent))
    assert made["email"] == "new.person@demo.example"
    assert made["is_active"] is True
    assert "password" not in str(made)
    path = f"/api/v1/users/{made['id']}"
    for email in ("NEW.person@demo.example", "cbadmin@rival.example"):
        again = admin.post("/api/v1/users", json=sent | {"email": email})
        assert "has an account already" in refused(again, 409, "address_taken")
    client = server.client()
    login = {"email": sent["email"], "password": NEW_PASSWORD}
    token = client.post("/api/v1/auth/login", json=login).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    refused(client.get("/api/v1/clients"), 403)
    auditor = role_named(admin, "auditor")
    [held] = data(admin.post(f"{path}/roles", json={"role_ids": [auditor, auditor]}))
    assert held["code"] == "auditor"
    assert client.get("/api/v1/clients").status_code == 200
    assert data(admin.delete(f"{path}/roles/{auditor}")) == []
    refused(admin.delete(f"{path}/roles/{auditor}"), 404)
    refused(client.get("/api/v1/clients"), 403)
    changed = data(admin.put(path, json={"job_title": "Senior", "is_active": False}))
    assert (changed["job_title"], changed["is_active"]) == ("Senior", False)
    refused(client.get("/api/v1/auth/me"), 401)
    data(admin.put(path, json={"is_active": True}))
    refused(client.get("/api/v1/auth/me"), 401)
    assert data(admin.delete(path))["deleted_at"]
    refused(admin.get(path), 404)
    assert server.client().post("/api/v1/auth/login", json=login).status_code == 401
    refused(admin.post("/api/v1/users", json=sent), 409, "address_taken")


def test_users_are_searched_and_filtered(server: Server) -> None:
    admin = server.bearer(ADMIN)

    def found(query: str) -> list[str]:
        answer = admin.get(f"/api/v1/users?{query}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["pagination"]["total"] == len(answer.json()["data"])
        return sorted(row["email"].partition("@")[0] for row in answer.json()["data"])

    assert found("search=OTIENO") == ["lead"]
    assert found("job_title=Auditor") == ["auditor"]
    assert len(found("is_active=true")) == 5
    assert found("is_active=false") == []
    assert len(found(f"tenant_id={server.tenant_of(ADMIN)}")) == 5
    assert found(f"tenant_id={server.tenant_of('cbadmin@rival.example')}") == []


def test_weak_passwords_are_refused_and_say_why(server: Server) -> None:
    admin = server.bearer(ADMIN)
    for password, why in (
        ("short", "at least 12"),
        ("aaaaaaaaaaaaaaa", "too easy"),
        ("123456789012", "too easy"),
        ("poiuytrewqpoiu", "too easy"),
        ("mary.wairimu-2026", "your name"),
        ("my name is Wairimu", "your name"),
    ):
        sent = {"email": "mary.wairimu@demo.example", "last_name": "Wairimu", "password": password}
        assert why in refused(admin.post("/api/v1/users", json=sent), 400), password


def test_an_administrator_is_always_left(server: Server) -> None:
    admin = server.bearer(ADMIN)
    me, role = user_of(admin, ADMIN), role_named(admin, "admin")
    refused(admin.delete(f"/api/v1/users/{me}"), 409, "oneself")
    refused(admin.put(f"/api/v1/users/{me}", json={"is_active": False}), 409, "oneself")
    refused(admin.delete(f"/api/v1/users/{me}/roles/{role}"), 409, "last_admin")
    [right] = rights(admin, "user:update")
    deny = {"permission_ids": [right], "effect": "deny"}
    refused(admin.post(f"/api/v1/users/{me}/permissions", json=deny), 409, "last_admin")
    refused(admin.delete(f"/api/v1/roles/{role}/permissions/{right}"), 403)
    refused(admin.delete(f"/api/v1/permissions/{right}"), 403)
    other = make_user(admin, "second@demo.example", role)
    second = server.bearer("second@demo.example")
    answers = at_once(
        lambda: admin.put(f"/api/v1/users/{other}", json={"is_active": False}),
        lambda: second.put(f"/api/v1/users/{me}", json={"is_active": False}),
    )
    assert sorted(one.status_code for one in answers) in ([200, 409], [200, 401]), answers


def test_nobody_gives_more_than_they_have(server: Server) -> None:
    admin = server.bearer(ADMIN)
    users_only = data(admin.post("/api/v1/roles", json={"name": "Front desk"}))["id"]
    wanted = rights(admin, "user:read", "user:create", "user:update", "role:read", "role:update")
    admin.post(f"/api/v1/roles/{users_only}/permissions", json={"permission_ids": wanted})
    mine = make_user(admin, "desk@demo.example", users_only)
    desk = server.bearer("desk@demo.example")
    cb_admin, auditor = role_named(desk, "cb_admin"), role_named(desk, "auditor")
    for role in (cb_admin, auditor):
        message = refused(desk.post(f"/api/v1/users/{mine}/roles", json={"role_ids": [role]}), 403)
        assert "built-in roles" in message
    money = data(admin.post("/api/v1/roles", json={"name": "Money"}))["id"]
    [invoices] = rights(admin, "invoice:create")
    admin.post(f"/api/v1/roles/{money}/permissions", json={"permission_ids": [invoices]})
    for answer in (
        desk.post(f"/api/v1/users/{mine}/roles", json={"role_ids": [money]}),
        desk.post(
            f"/api/v1/users/{mine}/permissions",
            json={"permission_ids": [invoices], "effect": "allow"},
        ),
        desk.post(f"/api/v1/roles/{users_only}/permissions", json={"permission_ids": [invoices]}),
        desk.put(f"/api/v1/roles/{users_only}", json={"parent_id": money}),
        desk.post(
            "/api/v1/users",
            json={"email": "x@y.example", "password": PASSWORD, "role_ids": [money]},
        ),
    ):
        assert "invoice:create" in refused(answer, 403)
    assert "x@y.example" not in admin.get("/api/v1/users").text
    admin.post(
        f"/api/v1/users/{mine}/permissions",
        json={"permission_ids": [wanted[0]], "effect": "deny"},
    )
    refused(desk.get("/api/v1/users"), 403)
    gone = desk.delete(f"/api/v1/users/{mine}/permissions/{wanted[0]}")
    assert "user:read" in refused(gone, 403)
    data(admin.delete(f"/api/v1/users/{mine}/permissions/{wanted[0]}"))
    assert desk.get("/api/v1/users").status_code == 200


def test_exceptions_stand_over_roles(server: Server) -> None:
    admin, auditor = server.bearer(ADMIN), server.bearer("auditor@demo.example")
    person = user_of(admin, "auditor@demo.example")
    path = f"/api/v1/users/{person}/permissions"
    read, create = rights(admin, "client:read", "client:create")
    data(admin.post(path, json={"permission_ids": [create], "effect": "allow"}))
    assert auditor.post("/api/v1/clients", json={"legal_name": "Zed"}).status_code == 201
    told = data(admin.post(path, json={"permission_ids": [read, create], "effect": "deny"}))
    assert [(one["action"], one["effect"]) for one in told] == [
        ("create", "deny"),
        ("read", "deny"),
    ]
    refused(auditor.get("/api/v1/clients"), 403)
    refused(admin.post(path, json={"permission_ids": [str(uuid4())], "effect": "deny"}), 400)
    for right in (read, create):
        admin.delete(f"{path}/{right}")
    assert data(admin.get(path)) == []
    assert auditor.get("/api/v1/clients").status_code == 200


def test_roles_are_made_stand_on_each_other_and_end(server: Server) -> None:
    admin = server.bearer(ADMIN)
    base = data(admin.post("/api/v1/roles", json={"name": "Base", "description": "x"}))
    assert (base["code"], base["parent_id"], base["is_system_role"]) == ("base", None, False)
    refused(admin.post("/api/v1/roles", json={"name": "Base"}), 409, "duplicate")
    refused(admin.post("/api/v1/roles", json={"name": "B", "is_system_role": True}), 403)
    [right] = rights(admin, "client:read")
    give = f"/api/v1/roles/{base['id']}/permissions"
    for _ in range(2):
        [told] = data(admin.post(give, json={"permission_ids": [right]}))
        assert (told["resource"], told["is_inherited"]) == ("client", False)
    assert "no permission" in refused(
        admin.post(give, json={"permission_ids": [str(uuid4())]}), 400
    )
    top = data(admin.post("/api/v1/roles", json={"name": "Top", "parent_id": base["id"]}))
    assert top["parent_id"] == base["id"]
    [handed_down] = data(admin.get(f"/api/v1/roles/{top['id']}/permissions"))
    assert handed_down["is_inherited"] is True
    make_user(admin, "top@demo.example", top["id"])
    assert server.bearer("top@demo.example").get("/api/v1/clients").status_code == 200
    circle = admin.put(f"/api/v1/roles/{base['id']}", json={"parent_id": top["id"]})
    refused(circle, 409, "circle")
    refused(admin.put(f"/api/v1/roles/{top['id']}", json={"parent_id": top["id"]}), 409, "circle")
    refused(admin.delete(f"/api/v1/roles/{base['id']}"), 409, "in_use")
    refused(admin.delete(f"/api/v1/roles/{top['id']}"), 409, "in_use")
    data(admin.put(f"/api/v1/roles/{top['id']}", json={"parent_id": None}))
    refused(server.bearer("top@demo.example").get("/api/v1/clients"), 403)
    listed = admin.get("/api/v1/roles").json()["data"]
    assert {row["name"]: row["parent_id"] for row in listed}["Top"] is None


def test_a_role_that_nobody_has_is_removed(server: Server) -> None:
    admin = server.bearer(ADMIN)
    role = data(admin.post("/api/v1/roles", json={"name": "Short"}))["id"]
    give, [right] = f"/api/v1/roles/{role}/permissions", rights(admin, "client:read")
    data(admin.post(give, json={"permission_ids": [right]}))
    assert data(admin.delete(f"{give}/{right}")) == []
    refused(admin.delete(f"{give}/{right}"), 404)
    data(admin.delete(f"/api/v1/roles/{role}"))
    refused(admin.get(f"/api/v1/roles/{role}"), 404)


def test_no_role_takes_the_code_of_one_that_the_software_knows(server: Server) -> None:
    admin = server.bearer(ADMIN)
    for name, code in (("Platform", "platform_2"), ("Reviewer!", "reviewer_2"), ("!", "role")):
        assert data(admin.post("/api/v1/roles", json={"name": name}))["code"] == code


def test_two_roles_cannot_stand_on_each_other_at_once(server: Server) -> None:
    admin, other = server.bearer(ADMIN), server.bearer(ADMIN)
    left, right = (data(admin.post("/api/v1/roles", json={"name": name})) for name in "LR")
    answers = at_once(
        lambda: admin.put(f"/api/v1/roles/{left['id']}", json={"parent_id": right["id"]}),
        lambda: other.put(f"/api/v1/roles/{right['id']}", json={"parent_id": left["id"]}),
    )
    assert sorted(one.status_code for one in answers) == [200, 409], answers


def test_built_in_roles_keep_name_and_place(server: Server) -> None:
    admin = server.bearer(ADMIN)
    path = f"/api/v1/roles/{role_named(admin, 'auditor')}"
    assert "built in" in refused(admin.put(path, json={"name": "X"}), 403)
    refused(admin.delete(path), 403)
    [right] = rights(admin, "client:create")
    data(admin.post(f"{path}/permissions", json={"permission_ids": [right]}))
    auditor = server.bearer("auditor@demo.example")
    assert auditor.post("/api/v1/clients", json={"legal_name": "Zed"}).status_code == 201


def test_permissions_are_made_described_and_removed(server: Server) -> None:
    admin = server.bearer(ADMIN)
    assert admin.get("/api/v1/permissions").json()["pagination"]["total"] > 100
    sent = {"resource": "client", "action": "export", "description": "x"}
    made = data(admin.post("/api/v1/permissions", json=sent))
    refused(admin.post("/api/v1/permissions", json=sent), 409, "duplicate")
    path = f"/api/v1/permissions/{made['id']}"
    assert data(admin.put(path, json={"description": "y"}))["description"] == "y"
    listed = admin.get("/api/v1/permissions?resource=client").json()["data"]
    assert {row["action"] for row in listed} == {"read", "create", "update", "delete", "export"}
    role = data(admin.post("/api/v1/roles", json={"name": "Exporters"}))["id"]
    give = f"/api/v1/roles/{role}/permissions"
    data(admin.post(give, json={"permission_ids": [made["id"]]}))
    data(admin.delete(path))
    assert data(admin.get(give)) == []
    refused(admin.get(path), 404)


def test_clients_people_and_staff_are_not_mixed_up(server: Server) -> None:
    admin = server.bearer(ADMIN)
    theirs, ours = role_named(admin, "client_user"), role_named(admin, "auditor")
    acme = admin.get("/api/v1/clients?search=Acme").json()["data"][0]["id"]
    person = make_user(admin, "rep@demo.example", theirs, client_id=acme)
    path = f"/api/v1/users/{person}/roles"
    refused(admin.post(path, json={"role_ids": [ours]}), 409, "clients_role")
    staff = f"/api/v1/users/{user_of(admin, 'auditor@demo.example')}/roles"
    refused(admin.post(staff, json={"role_ids": [theirs]}), 409, "clients_role")
    sent = {"email": "z@demo.example", "password": PASSWORD, "client_id": str(uuid4())}
    assert "client_id" in refused(admin.post("/api/v1/users", json=sent), 400)


def test_a_tenants_administrator_keeps_the_own_tenant(server: Server) -> None:
    admin, mine = server.bearer(ADMIN), server.tenant_of(ADMIN)
    [row] = admin.get("/api/v1/tenants").json()["data"]
    assert row["id"] == str(mine)
    assert admin.get("/api/v1/tenants?search=rival").json()["data"] == []
    path = f"/api/v1/tenants/{mine}"
    changed = data(admin.put(path, json={"name": "Demo Two", "status": "active"}))
    assert changed["name"] == "Demo Two"
    assert "operator" in refused(admin.put(path, json={"status": "suspended"}), 403)
    assert "time zone" in refused(admin.put(path, json={"timezone": "Mars/Base"}), 400)
    taken = admin.put(path, json={"name": "rival registrars"})
    refused(taken, 409, "duplicate")
    theirs = server.tenant_of("cbadmin@rival.example")
    for tenant in (theirs, uuid4()):
        assert refused(admin.get(f"/api/v1/tenants/{tenant}"), 404) == "There is no such tenant."
        foreign = {"tenant_id": str(tenant), "email": "a@b.example", "password": PASSWORD}
        assert "not your tenant" in refused(admin.post("/api/v1/users", json=foreign), 400)
        role = {"tenant_id": str(tenant), "name": "X"}
        assert "not your tenant" in refused(admin.post("/api/v1/roles", json=role), 400)
    refused(admin.post("/api/v1/tenants", json={"name": "Mine"}), 403)
    refused(admin.delete(path), 403)


def test_the_platform_lists_and_makes_tenants(server: Server) -> None:
    platform = server.bearer("platform@intact.example")
    given = {"name": "Third Body", "country": "Kenya", "status": "trial", "timezone": "UTC"}
    key = {"Idempotency-Key": "k-1"}
    made = data(platform.post("/api/v1/tenants", json=given, headers=key))
    again = data(platform.post("/api/v1/tenants", json=given, headers=key))
    assert made == again
    refused(platform.post("/api/v1/tenants", json=given), 409, "duplicate")
    listed = platform.get("/api/v1/tenants?limit=2").json()
    assert [row["name"] for row in listed["data"]][0] == "Third Body"
    assert listed["pagination"] == {
        "current_page": 1,
        "per_page": 2,
        "total": 3,
        "total_pages": 2,
    }
    for query, count in (("search=BODY", 1), ("status=trial", 1), ("country=Kenya", 2)):
        found = platform.get(f"/api/v1/tenants?{query}").json()
        assert found["pagination"]["total"] == count, query


def test_a_tenant_gets_its_first_administrator_and_ends(server: Server) -> None:
    platform = server.bearer("platform@intact.example")
    made = data(platform.post("/api/v1/tenants", json={"name": "Third Body"}))
    refused(platform.get("/api/v1/roles"), 403)
    inside = f"?tenant_id={made['id']}"
    roles = platform.get(f"/api/v1/roles{inside}").json()["data"]
    admin = next(row["id"] for row in roles if row["code"] == "admin")
    make_user(platform, "first@third.example", admin, tenant_id=made["id"])
    first = server.bearer("first@third.example")
    assert first.get("/api/v1/clients").json()["pagination"]["total"] == 0
    refused(platform.get(f"/api/v1/clients{inside}"), 403)
    path = f"/api/v1/tenants/{made['id']}"
    data(platform.put(path, json={"status": "suspended"}))
    refused(first.get("/api/v1/auth/me"), 401)
    data(platform.put(path, json={"status": "active"}))
    assert first.get("/api/v1/auth/me").status_code == 200
    data(platform.delete(path))
    refused(first.get("/api/v1/auth/me"), 401)
    refused(platform.get(path), 404)
    refused(platform.get(f"/api/v1/users{inside}"), 404)
    assert platform.get("/api/v1/tenants").json()["pagination"]["total"] == 2
    assert "Third Body" not in server.person("platform@intact.example").get("/tenants")


def test_the_laptop_of_somebody_removed_still_hands_in_its_work(server: Server) -> None:
    admin, laptop = server.bearer(ADMIN), Laptop(server, "auditor@demo.example")
    laptop.connect()
    data(admin.delete(f"/api/v1/users/{user_of(admin, 'auditor@demo.example')}"))
    laptop.hand_in(id=str(uuid4()), changes={"rating": [None, "minor"]})
