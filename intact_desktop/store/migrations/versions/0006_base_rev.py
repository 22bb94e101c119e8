"""A working row says which version the server confirmed: its text need not stand beside it.

That no version worked out the rows yet lets the application do so, and drop the texts, when it
opens the store next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_WORKING = (
    "tenants",
    "clients",
    "users",
    "roles",
    "user_roles",
    "accreditations",
    "standards",
    "auditor_competencies",
    "standard_clauses",
    "checklist_templates",
    "template_questions",
    "client_contacts",
    "client_sites",
    "audit_schedules",
    "audit_teams",
    "audit_plan_entries",
    "audit_attendances",
    "audit_documentation",
    "audit_status_history",
    "audit_checklists",
    "non_conformities",
    "audit_evidence",
    "finding_items",
    "audit_recommendations",
    "audit_reports",
    "report_amendments",
    "signatures",
    "certification_decisions",
    "certificates",
    "certificate_history",
    "conflicts",
)


def upgrade() -> None:
    for name in _WORKING:
        op.add_column(name, sa.Column("base_rev", sa.Integer(), nullable=True))
    op.execute("PRAGMA user_version = 0")
