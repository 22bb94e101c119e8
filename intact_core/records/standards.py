"""Standards with clauses, and the checklist templates made for them."""

from datetime import date
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Record, field, fixed, reference, text, to


class Accreditation(Record):
    """What entitles the body to certify to a standard; printed only while valid (rule 28)."""

    __tablename__ = "accreditations"
    __scope__ = reference()
    __table_args__ = (UniqueConstraint("tenant_id", "accreditation_number"),)

    accreditation_body: Mapped[str] = field()
    accreditation_number: Mapped[str | None] = field()
    scope: Mapped[str | None] = field()
    issue_date: Mapped[date | None] = field()
    expiry_date: Mapped[date | None] = field()
    status: Mapped[str] = field(
        choices=("active", "suspended", "withdrawn", "expired"), default="active"
    )


class Standard(Record):
    """A standard in one edition."""

    __tablename__ = "standards"
    __scope__ = reference()
    __table_args__ = (
        to("accreditations", "accreditation_id"),
        UniqueConstraint("tenant_id", "standard_code", "version"),
    )

    accreditation_id: Mapped[UUID | None] = field()
    standard_code: Mapped[str] = field()
    standard_name: Mapped[str | None] = field()
    version: Mapped[str | None] = field()
    description: Mapped[str | None] = field()
    is_active: Mapped[bool] = field(default=True)

    @property
    def title(self) -> str:
        """Code with edition, as certificates print it: "ISO 9001:2015"."""
        return f"{self.standard_code}:{self.version}" if self.version else self.standard_code


class StandardClause(Record):
    """A clause; `clause_text` is empty unless the body loaded its licensed copy."""

    __tablename__ = "standard_clauses"
    __scope__ = reference()
    __table_args__ = (
        to("standards", "standard_id"),
        UniqueConstraint("tenant_id", "standard_id", "clause_number"),
    )

    standard_id: Mapped[UUID] = fixed()
    clause_number: Mapped[str] = field()
    clause_title: Mapped[str | None] = field()
    clause_text: Mapped[str | None] = text()
    requirement_level: Mapped[str] = field(choices=("shall", "should", "may"), default="shall")
    position: Mapped[int] = field(default=0)


class ChecklistTemplate(Record):
    """A set of questions for one standard; an audit copies it, so later changes break nothing."""

    __tablename__ = "checklist_templates"
    __scope__ = reference()
    __table_args__ = (to("standards", "standard_id"),)

    standard_id: Mapped[UUID] = fixed()
    name: Mapped[str] = field()
    version: Mapped[str] = field(default="1")
    source: Mapped[str | None] = field()


class TemplateQuestion(Record):
    """One question of a template."""

    __tablename__ = "template_questions"
    __scope__ = reference()
    __table_args__ = (to("checklist_templates", "template_id"),)

    template_id: Mapped[UUID] = fixed()
    clause_reference: Mapped[str] = field()
    clause_title: Mapped[str | None] = field()
    requirement: Mapped[str] = text()
    help_text: Mapped[str | None] = text()
    position: Mapped[int] = field(default=0)
