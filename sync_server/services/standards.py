"""Standards with their clauses and checklist templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.interchange.oscal import read_catalog
from intact_core.interchange.template_file import ImportedCatalog
from intact_core.records.people import User
from intact_core.records.standards import (
    Accreditation,
    ChecklistTemplate,
    Standard,
    StandardClause,
    TemplateQuestion,
)


@dataclass(frozen=True)
class TemplateRow:
    """A template as a list shows it."""

    id: UUID
    name: str
    standard: str
    questions: int


def load_standard(
    session: Session, catalog: ImportedCatalog, source: str, accreditation_id: UUID | None = None
) -> ChecklistTemplate:
    """Load a standard and its template. A standard that is here already keeps its clauses and
    gets another template: audits that were made from the older one stay as they are.
    """
    standard = _known(session, catalog) or _new_standard(session, catalog, accreditation_id)
    template = ChecklistTemplate(
        id=ids.new_id(),
        standard_id=standard.id,
        name=f"{standard.title} checklist",
        version=f"{clock.today():%Y-%m-%d}",
        source=source,
    )
    session.add(template)
    session.flush()
    titles = {clause.number: clause.title for clause in catalog.clauses}
    session.add_all(
        TemplateQuestion(
            template_id=template.id,
            clause_reference=question.clause,
            clause_title=titles[question.clause],
            requirement=question.prompt,
            help_text=question.label or None,
            position=position,
        )
        for position, question in enumerate(catalog.questions, start=1)
    )
    session.flush()
    return template


def import_catalog(session: Session, name: str, content: bytes) -> ChecklistTemplate:
    """Import an OSCAL catalog (JSON) as a standard with a template; raises BadInput."""
    return load_standard(session, read_catalog(content), name)


def _known(session: Session, catalog: ImportedCatalog) -> Standard | None:
    query = select(Standard).where(
        Standard.standard_code == catalog.standard.code,
        Standard.version == catalog.standard.version,
        Standard.deleted_at.is_(None),
    )
    return session.scalar(query)


def _new_standard(
    session: Session, catalog: ImportedCatalog, accreditation_id: UUID | None
) -> Standard:
    standard = Standard(
        id=ids.new_id(),
        accreditation_id=accreditation_id,
        standard_code=catalog.standard.code,
        standard_name=catalog.standard.name,
        version=catalog.standard.version,
    )
    session.add(standard)
    session.flush()
    session.add_all(
        StandardClause(
            standard_id=standard.id,
            clause_number=clause.number,
            clause_title=clause.title,
            clause_text=clause.text or None,
            position=position,
        )
        for position, clause in enumerate(catalog.clauses, start=1)
    )
    session.flush()
    return standard


def add_accreditation(session: Session, body: str, number: str, scope: str) -> Accreditation:
    """What entitles the body to certify."""
    row = Accreditation(
        id=ids.new_id(),
        accreditation_body=body,
        accreditation_number=number,
        scope=scope,
        issue_date=clock.today().replace(month=1, day=1),
        expiry_date=clock.today().replace(year=clock.today().year + 3, month=12, day=31),
        status="active",
    )
    session.add(row)
    session.flush()
    return row


def templates(session: Session) -> list[TemplateRow]:
    """The templates to choose from, by standard."""
    counts = (
        select(TemplateQuestion.template_id, func.count())
        .where(TemplateQuestion.deleted_at.is_(None))
        .group_by(TemplateQuestion.template_id)
    )
    questions = dict(session.execute(counts).all())
    query = (
        select(ChecklistTemplate, Standard)
        .join(Standard, Standard.id == ChecklistTemplate.standard_id)
        .where(ChecklistTemplate.deleted_at.is_(None))
        .order_by(Standard.standard_code, ChecklistTemplate.created_at.desc())
    )
    return [
        TemplateRow(template.id, template.name, standard.title, questions.get(template.id, 0))
        for template, standard in session.execute(query)
    ]


def staff(session: Session) -> Sequence[User]:
    """People who may be on an audit team, by name."""
    query = select(User).where(
        User.client_id.is_(None), User.is_active.is_(True), User.deleted_at.is_(None)
    )
    return session.scalars(query.order_by(User.last_name, User.first_name)).all()
