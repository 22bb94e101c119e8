"""Standards with their clauses and checklist templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.records.people import User
from intact_core.records.standards import (
    Accreditation,
    ChecklistTemplate,
    Standard,
    StandardClause,
    TemplateQuestion,
)


@dataclass(frozen=True)
class ClauseData:
    """A clause: its number, title and, for a licensed copy, its text."""

    number: str
    title: str
    text: str | None = None


@dataclass(frozen=True)
class QuestionData:
    """A question of a checklist."""

    clause: str
    title: str
    requirement: str
    help_text: str | None = None


@dataclass(frozen=True)
class StandardData:
    """A standard in one edition, with the checklist made for it."""

    code: str
    name: str
    version: str | None
    clauses: Sequence[ClauseData]
    template_name: str
    questions: Sequence[QuestionData]
    source: str = ""


@dataclass(frozen=True)
class TemplateRow:
    """A template as a list shows it."""

    id: UUID
    name: str
    standard: str
    questions: int


def load_standard(
    session: Session, data: StandardData, accreditation_id: UUID | None = None
) -> ChecklistTemplate:
    """Load a standard and its template. A standard that is here already keeps its clauses and
    gets another template: audits that were made from the older one stay as they are.
    """
    standard = _known(session, data) or _new_standard(session, data, accreditation_id)
    template = ChecklistTemplate(
        id=ids.new_id(),
        standard_id=standard.id,
        name=data.template_name,
        version=f"{clock.today():%Y-%m-%d}",
        source=data.source or None,
    )
    session.add(template)
    session.flush()
    session.add_all(
        TemplateQuestion(
            template_id=template.id,
            clause_reference=question.clause,
            clause_title=question.title,
            requirement=question.requirement,
            help_text=question.help_text,
            position=position,
        )
        for position, question in enumerate(data.questions, start=1)
    )
    session.flush()
    return template


def _known(session: Session, data: StandardData) -> Standard | None:
    query = select(Standard).where(
        Standard.standard_code == data.code,
        Standard.version == data.version,
        Standard.deleted_at.is_(None),
    )
    return session.scalar(query)


def _new_standard(session: Session, data: StandardData, accreditation_id: UUID | None) -> Standard:
    standard = Standard(
        id=ids.new_id(),
        accreditation_id=accreditation_id,
        standard_code=data.code,
        standard_name=data.name,
        version=data.version,
    )
    session.add(standard)
    session.flush()
    session.add_all(
        StandardClause(
            standard_id=standard.id,
            clause_number=clause.number,
            clause_title=clause.title,
            clause_text=clause.text,
            position=position,
        )
        for position, clause in enumerate(data.clauses, start=1)
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
    questions = dict(session.execute(counts).tuples().all())
    query = (
        select(ChecklistTemplate, Standard)
        .join(Standard, Standard.id == ChecklistTemplate.standard_id)
        .where(ChecklistTemplate.deleted_at.is_(None))
        .order_by(Standard.standard_code, ChecklistTemplate.created_at.desc())
    )
    return [
        TemplateRow(template.id, template.name, standard.title, questions.get(template.id, 0))
        for template, standard in session.execute(query).tuples()
    ]


def staff(session: Session) -> Sequence[User]:
    """People who may be on an audit team, by name."""
    query = select(User).where(
        User.client_id.is_(None), User.is_active.is_(True), User.deleted_at.is_(None)
    )
    return session.scalars(query.order_by(User.last_name, User.first_name)).all()
