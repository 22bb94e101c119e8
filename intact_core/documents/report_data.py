"""The frozen snapshot that an audit report is rendered from: everything that it shows."""

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from intact_core import canonical
from intact_core.errors import BadInput

SAMPLING_STATEMENT = (
    "An audit looks at a sample. People were interviewed, records read and places seen that were "
    "available on the days named here. Where this report names no non-conformity, none was found "
    "in that sample; it does not follow that there is none."
)
CONFIDENTIALITY_STATEMENT = (
    "This report is confidential. The certification body keeps it and gives it to nobody outside "
    "the distribution list without the client's written consent, unless the law or the "
    "accreditation body requires it."
)
OWNERSHIP_STATEMENT = (
    "The report belongs to the certification body. The client may copy it whole; parts of it may "
    "be passed on only where they give a fair picture."
)
COMPLAINTS_STATEMENT = (
    "The client may complain about the audit, or appeal against a decision, to the certification "
    "body at any time. People who were not involved will deal with it, and the client will be "
    "told what came of it."
)


@dataclass(frozen=True)
class Standard:
    """One audit criterion: `code` (ISO 9001), `name` and edition (`version`, 2015)."""

    code: str
    name: str
    version: str


@dataclass(frozen=True)
class Site:
    """A place audited; `kind` is permanent, temporary or remote."""

    name: str
    address: str
    kind: str = "permanent"
    activities: str = ""


@dataclass(frozen=True)
class TeamMember:
    """A person of the audit team, or accompanying it, with the role held in this audit."""

    name: str
    role: str


@dataclass(frozen=True)
class ChecklistResult:
    """A checklist item; `rating`: compliant, observation, minor, major, not_applicable or None."""

    id: str
    clause: str
    title: str
    requirement: str
    rating: str | None = None
    note: str = ""


@dataclass(frozen=True)
class MainClause:
    """Number and title of a main clause, shown beside its bar: 4, Context of the organization."""

    number: str
    title: str


@dataclass(frozen=True)
class Finding:
    """A finding; `severity`: major, minor, concern, observation or opportunity.

    17021-1:2015, 9.4.5; a concern is what Stage 1 yields (9.3.1.2).
    """

    id: str
    number: str
    severity: str
    clause: str
    requirement: str
    statement: str
    evidence_text: str = ""
    item_refs: tuple[str, ...] = ()
    due_date: date | None = None
    evidence_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvidenceFile:
    """A piece of evidence; `sha256` is of the original bytes, `size_bytes` their number.

    `decodable` is false where no preview could be made: the file is evidence all the same.
    """

    id: str
    sha256: str
    description: str
    file_name: str
    content_type: str
    size_bytes: int
    taken_at: datetime | None = None
    clause: str = ""
    finding_number: str = ""
    decodable: bool = True


@dataclass(frozen=True)
class Attendance:
    """Who was at the opening and at the closing meeting (17021-1:2015, 9.4.2 and 9.4.7)."""

    name: str
    role: str
    opening: bool
    closing: bool


@dataclass(frozen=True)
class ExpectedSigner:
    """A signature the report must carry; `field` is `lead` or `client`, and is never repeated."""

    field: str
    name: str
    role: str
    meaning: str


@dataclass(frozen=True)
class Amended:
    """The signed report that this one replaces, and why; `sha256` names its file."""

    version: int
    sha256: str
    reason: str


@dataclass(frozen=True)
class ReportSnapshot:
    """Everything an audit report shows (17021-1:2015, 9.4.8; 19011:2018, 6.5.1).

    Texts may be empty; None is "not stated". Date-times are aware and in UTC. `audit_days` is
    written as people write it ("2.5"). `verify_address` is the page that verifies reports.
    """

    report_id: str
    report_version: int
    prepared_at: datetime
    audit_number: str
    body_name: str
    client_name: str
    amends: Amended | None = None
    body_address: str = ""
    body_accreditation: str = ""
    verify_address: str = ""
    client_address: str = ""
    client_representative: str = ""
    contract_number: str = ""
    iaf_codes: str = ""
    audit_type: str = ""
    audit_stage: str = ""
    standards: tuple[Standard, ...] = ()
    objectives: str = ""
    scope: str = ""
    processes: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    audit_days: str = ""
    sites: tuple[Site, ...] = ()
    sites_sampled: str = ""
    plan_deviations: str = ""
    programme_issues: str = ""
    team: tuple[TeamMember, ...] = ()
    headcount_contracted: int | None = None
    headcount_seen: int | None = None
    shifts: str = ""
    ict_use: str = ""
    combined_audit: str = ""
    has_org_changes: bool | None = None
    org_changes_details: str = ""
    changes_affect_scope: bool | None = None
    scope_impact_details: str = ""
    plan_reviewed: bool | None = None
    plan_adequate: bool | None = None
    plan_changes_required: str = ""
    team_qualified: bool | None = None
    qualification_notes: str = ""
    plan_approved: bool | None = None
    audit_objectives_met: bool | None = None
    scope_appropriate: bool | None = None
    system_effectiveness: str = ""
    internal_audit_and_review: str = ""
    earlier_findings: str = ""
    marks_control: str = ""
    key_findings_summary: str = ""
    outstanding_issues: str = ""
    diverging_opinions: str = ""
    main_clauses: tuple[MainClause, ...] = ()
    items: tuple[ChecklistResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: tuple[EvidenceFile, ...] = ()
    attendance: tuple[Attendance, ...] = ()
    recommendation: str = ""
    justification: str = ""
    conditions: str = ""
    stage_2_date: date | None = None
    next_audit: str = ""
    distribution: tuple[str, ...] = ()
    sampling_statement: str = SAMPLING_STATEMENT
    confidentiality_statement: str = CONFIDENTIALITY_STATEMENT
    ownership_statement: str = OWNERSHIP_STATEMENT
    complaints_statement: str = COMPLAINTS_STATEMENT
    expected_signers: tuple[ExpectedSigner, ...] = ()


def to_json(snapshot: ReportSnapshot) -> bytes:
    """The snapshot as canonical JSON: the bytes that are attached to the PDF and hashed."""
    return canonical.dumps(msgspec.to_builtins(snapshot))


def from_json(data: bytes) -> ReportSnapshot:
    """Read `to_json` back without loss; raises BadInput where the bytes are no snapshot."""
    try:
        return msgspec.json.decode(data, type=ReportSnapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            "The machine-readable audit in this report cannot be read, so its contents cannot be "
            "compared. Ask the certification body for the original file.",
            details=str(error),
        ) from error


def snapshot_sha256(snapshot: ReportSnapshot) -> str:
    """SHA-256 of the canonical JSON, 64 lower-case hexadecimal digits."""
    return canonical.sha256_hex(to_json(snapshot))
