"""The permissions that exist from the start, which roles have them, and what each may write."""

from collections.abc import Mapping

_WRITE = ("read", "create", "update", "delete")
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "tenant": _WRITE,
    "user": _WRITE,
    "role": _WRITE,
    "permission": _WRITE,
    "audit_log": ("read", "export"),
    "document": (*_WRITE, "export"),
    "client": _WRITE,
    "client_contact": _WRITE,
    "client_site": _WRITE,
    "application": (*_WRITE, "approve"),
    "quotation": (*_WRITE, "approve"),
    "contract": (*_WRITE, "approve"),
    "accreditation": _WRITE,
    "standard": _WRITE,
    "standard_clause": _WRITE,
    "audit_schedule": _WRITE,
    "audit_team": _WRITE,
    "audit_checklist": _WRITE,
    "audit_evidence": _WRITE,
    "non_conformity": (*_WRITE, "approve"),
    "corrective_action": (*_WRITE, "approve"),
    "certificate": ("read", "create", "update", "approve"),
    "certificate_history": ("read",),
    "invoice": (*_WRITE, "approve"),
    "payment": _WRITE,
    "complaint": (*_WRITE, "approve"),
    "training_record": _WRITE,
    "auditor_competency": _WRITE,
    "declared_interest": _WRITE,
    "dashboard": ("read",),
    "report": ("read", "export"),
}
"""Actions by resource; `approve` stands for deciding on something, such as accepting an offer."""

ALL = frozenset(
    f"{resource}:{action}" for resource, actions in ACTIONS.items() for action in actions
)
_PLATFORM = frozenset({"tenant:create", "tenant:delete"})
"""Only an operator of the platform makes and ends tenants."""


def _of(*resources: str, actions: tuple[str, ...] = ("read",)) -> frozenset[str]:
    return frozenset(f"{one}:{action}" for one in resources for action in actions) & ALL


_READ = frozenset(right for right in ALL if right.endswith(":read"))
_ACCESS = ("tenant", "user", "role", "permission")
_MONEY = ("invoice", "payment", "quotation")
_ON_SITE = ("audit_checklist", "audit_evidence", "non_conformity", "corrective_action")
_AUDITOR = (
    (_READ - _of(*_MONEY, *_ACCESS, "audit_log", "contract", "complaint"))
    | _of("user")
    | _of(*_ON_SITE, actions=("create", "update", "delete"))
    | _of("document", actions=("create", "export"))
)
DEFAULTS: Mapping[str, frozenset[str]] = {
    "admin": ALL - _PLATFORM,
    "cb_admin": ALL - _of(*_ACCESS, actions=("create", "update", "delete")),
    "lead_auditor": _AUDITOR
    | _of("audit_schedule", actions=("update",))
    | _of("non_conformity", "corrective_action", actions=("approve",)),
    "auditor": _AUDITOR,
    "reviewer": _READ | _of("certificate", actions=("create", "update", "approve")),
    "client_user": _of("client", "client_contact", "client_site", "certificate", "contract")
    | _of("certificate_history", "audit_schedule", "non_conformity", "invoice", "standard")
    | _of("corrective_action", "complaint", actions=("read", "create")),
}
"""What the built-in roles may do from the start; a tenant's administrator may change it."""

WRITES: Mapping[str, tuple[str, ...]] = {
    "tenant": ("tenants",),
    "user": ("users", "user_roles", "user_permissions"),
    "role": ("roles", "role_permissions", "role_parents"),
    "permission": ("permissions", "role_permissions", "user_permissions"),
    "document": ("documents", "document_versions"),
    "client": ("clients",),
    "client_contact": ("client_contacts",),
    "client_site": ("client_sites",),
    "application": ("applications",),
    "quotation": ("quotations",),
    "contract": ("contracts",),
    "accreditation": ("accreditations",),
    "standard": ("standards",),
    "standard_clause": ("standard_clauses",),
    "audit_team": ("team_objections",),
    "audit_evidence": ("evidence_documents",),
    "corrective_action": ("corrective_actions",),
    "certificate": ("certificates", "certificate_history", "certificate_scopes"),
    "invoice": ("invoices", "invoice_items"),
    "payment": ("payments", "invoices"),
    "complaint": ("complaints",),
    "training_record": ("training_records",),
    "auditor_competency": ("auditor_competencies",),
    "declared_interest": ("declared_interests",),
}
"""Kinds of record that the right to change a resource lets one write, outside of audits."""


def kinds_for(rights: frozenset[str]) -> frozenset[str]:
    """The kinds of record that somebody with these rights may write."""
    changing = {
        resource
        for resource, _, action in (right.partition(":") for right in rights)
        if action not in ("read", "export")
    }
    return frozenset(kind for one in changing for kind in WRITES.get(one, ()))
