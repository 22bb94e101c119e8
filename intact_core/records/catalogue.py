"""What the sync protocol knows of each record, read off the mapped classes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from intact_core.errors import BadInput
from intact_core.records.access import Permission, RoleParent, RolePermission, UserPermission
from intact_core.records.audits import (
    AuditAttendance,
    AuditDocumentation,
    AuditPlanEntry,
    AuditSchedule,
    AuditStatusHistory,
    AuditTeam,
)
from intact_core.records.base import Merge, Record, Scope
from intact_core.records.certificate_parts import CertificateScope, CertificateSite
from intact_core.records.certificates import Certificate, CertificateHistory
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.conclusions import (
    AuditRecommendation,
    AuditReport,
    CertificationDecision,
    ReportAmendment,
    Signature,
)
from intact_core.records.conflicts import Conflict
from intact_core.records.contracts import Application, Contract, Quotation
from intact_core.records.finance import Invoice, InvoiceItem, Payment
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.records.library import Document, DocumentVersion, EvidenceDocument
from intact_core.records.notices import Notification
from intact_core.records.objections import TeamObjection
from intact_core.records.people import AuditorCompetency, Role, Tenant, User, UserRole
from intact_core.records.quality import Complaint, CorrectiveAction
from intact_core.records.standards import (
    Accreditation,
    ChecklistTemplate,
    Standard,
    StandardClause,
    TemplateQuestion,
)
from intact_core.records.training import DeclaredInterest, TrainingRecord
from intact_core.records.wire import Wire, as_is, form_of

CLASSES: tuple[type[Record], ...] = (
    Tenant,
    Client,
    User,
    Role,
    UserRole,
    Accreditation,
    Standard,
    AuditorCompetency,
    StandardClause,
    ChecklistTemplate,
    TemplateQuestion,
    ClientContact,
    ClientSite,
    AuditSchedule,
    AuditTeam,
    AuditPlanEntry,
    AuditAttendance,
    AuditDocumentation,
    AuditStatusHistory,
    AuditChecklist,
    NonConformity,
    AuditEvidence,
    FindingItem,
    AuditRecommendation,
    AuditReport,
    ReportAmendment,
    Signature,
    CertificationDecision,
    Certificate,
    CertificateHistory,
    Conflict,
)
"""Every record that both ends hold, parents before children."""

OFFICE_CLASSES: tuple[type[Record], ...] = (
    Permission,
    RolePermission,
    RoleParent,
    UserPermission,
    Application,
    Quotation,
    Contract,
    Document,
    DocumentVersion,
    EvidenceDocument,
    CorrectiveAction,
    CertificateSite,
    CertificateScope,
    Invoice,
    InvoiceItem,
    Payment,
    Complaint,
    TrainingRecord,
    DeclaredInterest,
    TeamObjection,
    Notification,
)
"""Every record that the server alone holds, parents before children."""

DELETED_GROUP = "deleted"


@dataclass(frozen=True)
class FieldSpec:
    """One synced field: its name, merge kind, group, and what a signature covers."""

    name: str
    merge: Merge
    group: str
    signed: bool
    choices: tuple[str, ...]
    steps: Mapping[str, frozenset[str]] | None
    required: bool
    read: Callable[[Any], Any]
    write: Callable[[Any], Wire]
    normal: Callable[[Any], Wire]

    def to_wire(self, value: Any) -> Wire:
        """The wire value of a column's value."""
        return None if value is None else self.write(value)

    def from_wire(self, value: Wire) -> Any:
        """The column's value of a wire value; raises BadInput when it has the wrong form."""
        if value is None:
            return None
        try:
            return self.read(value)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise BadInput(f"The value of {self.name} has the wrong form.") from error


@dataclass(frozen=True)
class TypeSpec:
    """One kind of record: its table, scope and fields."""

    name: str
    record: type[Record]
    table: Table
    scope: Scope
    fields: Mapping[str, FieldSpec]

    @cached_property
    def groups(self) -> Mapping[str, tuple[FieldSpec, ...]]:
        """Field groups by name; a field without a group is one by itself."""
        found: dict[str, tuple[FieldSpec, ...]] = {}
        for spec in self.fields.values():
            found[spec.group] = (*found.get(spec.group, ()), spec)
        return found

    @cached_property
    def append_only(self) -> bool:
        """True where nothing but the tombstone may change after creation."""
        return all(
            spec.merge is Merge.FIXED
            for spec in self.fields.values()
            if spec.group != DELETED_GROUP
        )

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Fields that are never empty."""
        return tuple(spec.name for spec in self.fields.values() if spec.required)

    @cached_property
    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """The values that a field may have, for fields that have such."""
        return {spec.name: spec.choices for spec in self.fields.values() if spec.choices}

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """Values of columns with a plain default, for a body that leaves them out."""
        return {
            str(column.key): column.default.arg
            for column in self.table.columns
            if isinstance(column.default, ScalarElementColumnDefault)
        }

    @cached_property
    def blank(self) -> Mapping[str, Any]:
        """Column values of a record of which nothing is said: defaults, else None."""
        return dict.fromkeys(self.fields) | dict(self.defaults)

    @cached_property
    def blank_body(self) -> Mapping[str, Wire]:
        """The same as a wire body."""
        return self.wire(dict(self.blank))

    def values(self, wire: Mapping[str, Wire]) -> dict[str, Any]:
        """Column values of a wire body; fields unknown to this version are left out."""
        readers = self._readers
        try:
            return {
                name: None if value is None else readers[name](value)
                for name, value in wire.items()
                if name in readers
            }
        except (TypeError, ValueError, ArithmeticError):
            # One by one, for an error that names the field.
            return {name: self.fields[name].from_wire(wire[name]) for name in wire.keys() & readers}

    def wire(self, values: dict[str, Any]) -> dict[str, Wire]:
        """Column values made their wire form, in place."""
        for name in values.keys() & self._writers.keys():
            value = values[name]
            if value is not None:
                values[name] = self._writers[name](value)
        return values

    def normal(self, wire: Mapping[str, Wire]) -> dict[str, Wire]:
        """The same wire values in their one canonical form; unknown fields are left out."""
        normal = self._normal
        try:
            return {
                name: None if value is None else normal[name](value)
                for name, value in wire.items()
                if name in normal
            }
        except (TypeError, ValueError, ArithmeticError):
            # One by one, for an error that names the field.
            return self.wire(self.values(wire))

    def groups_of(self, fields: Iterable[str]) -> frozenset[str]:
        """The groups of some fields."""
        return _groups_of(self.name, tuple(fields))

    def body(self, row: Any) -> dict[str, Wire]:
        """Wire body of a mapped object or any row with the fields as attributes."""
        return self.wire(dict(zip(self.fields, self._get_all(row), strict=True)))

    @cached_property
    def _readers(self) -> Mapping[str, Callable[[Any], Any]]:
        return {name: spec.read for name, spec in self.fields.items()}

    @cached_property
    def _normal(self) -> Mapping[str, Callable[[Any], Wire]]:
        return {name: spec.normal for name, spec in self.fields.items()}

    @cached_property
    def server_only(self) -> frozenset[str]:
        """Fields that only the server writes."""
        return frozenset(n for n, spec in self.fields.items() if spec.merge is Merge.SERVER)

    @cached_property
    def states(self) -> frozenset[str]:
        """Fields that move along legal steps."""
        return frozenset(n for n, spec in self.fields.items() if spec.steps is not None)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Numbers that people give, which two may give twice."""
        return frozenset(n for n, spec in self.fields.items() if spec.merge is Merge.NUMBER)

    @cached_property
    def _writers(self) -> Mapping[str, Callable[[Any], Wire]]:
        return {name: spec.write for name, spec in self.fields.items() if spec.write is not as_is}

    @cached_property
    def _get_all(self) -> Callable[[Any], tuple[Any, ...]]:
        return attrgetter(*self.fields)


def _field_spec(column: Any) -> FieldSpec:
    info = column.info
    form = form_of(column.type)
    return FieldSpec(
        name=str(column.key),
        merge=info["merge"],
        group=info.get("group") or str(column.key),
        signed=info.get("signed", True),
        choices=info.get("choices", ()),
        steps=info.get("steps"),
        required=not column.nullable,
        read=form.read,
        write=form.write,
        normal=form.normal,
    )


def _type_spec(record: type[Record]) -> TypeSpec:
    table = cast(Table, record.__table__)
    # SQLAlchemy's names are a subclass of str that JSON encoders refuse.
    fields = {str(column.key): _field_spec(column) for column in table.columns}
    return TypeSpec(str(table.name), record, table, record.__scope__, fields)


TYPES: Mapping[str, TypeSpec] = {spec.name: spec for spec in map(_type_spec, CLASSES)}
"""Every kind of record that both ends hold, by its name (the table's), parents before children."""

_OFFICE: Mapping[str, TypeSpec] = {spec.name: spec for spec in map(_type_spec, OFFICE_CLASSES)}

ORDER: Mapping[str, int] = {name: place for place, name in enumerate([*TYPES, *_OFFICE])}
"""Place of each kind so that parents come before children."""


@lru_cache(maxsize=1 << 12)
def _groups_of(type_: str, fields: tuple[str, ...]) -> frozenset[str]:
    # Few sets of fields are ever changed together, each of them thousands of times.
    known = spec_of(type_).fields
    return frozenset(known[name].group for name in fields)


def spec_of(name: str) -> TypeSpec:
    """The kind of that name; raises BadInput for an unknown one."""
    try:
        return TYPES[name] if name in TYPES else _OFFICE[name]
    except KeyError as error:
        raise BadInput(f"This version does not know records of the kind '{name}'.") from error


def names(rows: Iterable[Any]) -> set[str]:
    """The kinds among mapped objects."""
    return {row.__tablename__ for row in rows}
