"""A report as an auditor would have it: the sample that the document tests share."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from math import cos, sin

from PIL import Image, ImageDraw

from intact_core.documents.report_data import (
    Attendance,
    ChecklistResult,
    EvidenceFile,
    ExpectedSigner,
    Finding,
    MainClause,
    ReportSnapshot,
    Site,
    Standard,
    TeamMember,
)

PREPARED = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
CLAUSES = (
    ("4.1", "The organisation and its context"),
    ("4.3", "Scope of the system"),
    ("5.2", "Policy"),
    ("6.1", "Risks and opportunities"),
    ("7.1.5", "Monitoring and measuring resources"),
    ("7.5", "Documented information"),
    ("8.4", "Externally provided processes"),
    ("8.5.1", "Control of production"),
    ("8.7", "Nonconforming outputs"),
    ("9.2", "Internal audit"),
    ("9.3", "Management review"),
    ("10.2", "Nonconformity and corrective action"),
)
RATINGS = ("compliant", "compliant", "compliant", "observation", "compliant", "minor", None)
QUESTION = (
    "How does the organisation show that this is done as planned, and which records did you see "
    "that prove it for the last twelve months?"
)


def items(count: int) -> tuple[ChecklistResult, ...]:
    """That many checklist items in the order of the clauses."""
    made = []
    for place in range(count):
        clause, title = CLAUSES[place * len(CLAUSES) // count]
        rating = RATINGS[place % len(RATINGS)]
        if clause == "8.7" and place % 3 == 0:
            rating = "major"
        if clause == "4.3":
            rating = "not_applicable"
        note = "Seen: order 4711, gauge G-12, signed by the shift lead." if place % 2 else ""
        made.append(ChecklistResult(f"item-{place}", clause, title, QUESTION, rating, note))
    return tuple(made)


def evidence(count: int) -> tuple[EvidenceFile, ...]:
    """That many photos; every seventh cannot be decoded, the last is a document."""
    made = []
    for place in range(count):
        name = f"IMG_{place:04}.jpg"
        made.append(
            EvidenceFile(
                id=f"evidence-{place}",
                sha256=hashlib.sha256(name.encode()).hexdigest(),
                description=f"Gauge {place} at the bench in hall B, calibration label visible",
                file_name=name,
                content_type="image/jpeg" if place != count - 1 else "application/pdf",
                size_bytes=2_411_000 + place,
                taken_at=PREPARED - timedelta(minutes=7 * place),
                clause="7.1.5",
                finding_number="NC-2026-014" if place < 2 else "",
                decodable=place % 7 != 6,
            )
        )
    return tuple(made)


FINDINGS = (
    Finding(
        "f1", "NC-2026-014", "minor", "7.1.5", "Measuring equipment is calibrated at set times.",
        "Two torque gauges in hall B were in use after their calibration had run out.",
        "Gauges G-12 and G-17, labels of 11 January 2026, used on order 4711 on 3 March 2026.",
        ("7.1.5 question 3",), date(2026, 4, 4), ("evidence-0", "evidence-1", "evidence-2"),
    ),
    Finding(
        "f2", "NC-2026-015", "major", "8.7", "Outputs that do not conform are kept from delivery.",
        "Parts on hold were delivered to a customer without a release.",
        "Hold list of 20 February 2026, delivery note 88123; the production lead confirmed it.",
        ("8.7 question 1", "8.7 question 4"), date(2026, 4, 4), (),
    ),
    Finding(
        "f3", "OFI-03", "opportunity", "9.2", "Internal audits are planned.",
        "The programme could name the processes with the most complaints first.", "",
    ),
    Finding(
        "f4", "OBS-01", "observation", "7.5", "Documents are kept current.",
        "One work instruction at line 2 was a version behind; it was exchanged at once.",
        "WI-22 v3.",
    ),
)  # fmt: skip

SIGNERS = (
    ExpectedSigner("lead", "Ana Silva", "Lead auditor", "I am the author of this report."),
    ExpectedSigner(
        "client", "Jo Murray", "Quality manager, for the client", "I have received this report."
    ),
)


def snapshot(item_count: int = 42, photo_count: int = 10, **changes: object) -> ReportSnapshot:
    """A whole report; `changes` replace fields of the snapshot."""
    values: dict[str, object] = {
        "report_id": "0195a7c0-1f00-7abc-8def-0123456789ab",
        "report_version": 2,
        "prepared_at": PREPARED,
        "audit_number": "AUD-2026-0042",
        "body_name": "Meridian Certification",
        "client_name": "Lindqvist & Søn Gearworks A/S",
        "body_address": "Harbour Street 9, 2100 Copenhagen",
        "body_accreditation": "Accreditation 1234, management systems",
        "verify_address": "https://audits.meridian.example/verify/report",
        "client_address": "Mill Road 4\n8000 Aarhus\nDenmark",
        "client_representative": "Jo Murray, quality manager",
        "contract_number": "C-7781",
        "iaf_codes": "17, 18",
        "audit_type": "initial",
        "audit_stage": "stage2",
        "standards": (Standard("ISO 9001", "Quality management systems", "2015"),),
        "objectives": "Establish whether the management system conforms and is effective.",
        "scope": "Design, machining and assembly of gear units for wind turbines.",
        "processes": "Sales, design, purchasing, machining, assembly, test, delivery.",
        "starts_on": date(2026, 3, 3),
        "ends_on": date(2026, 3, 5),
        "audit_days": "5.5",
        "sites": (
            Site(
                "Head office and hall A", "Mill Road 4, 8000 Aarhus", "permanent", "All processes"
            ),
            Site("Hall B", "Mill Road 11, 8000 Aarhus", "permanent", "Assembly and test"),
        ),
        "plan_deviations": "Purchasing was audited on the third day; its manager was ill before.",
        "team": (
            TeamMember("Ana Silva", "lead_auditor"),
            TeamMember("Tom Okafor", "auditor"),
            TeamMember("Rie Nakamura", "observer"),
        ),
        "headcount_contracted": 140,
        "headcount_seen": 146,
        "shifts": "Two; both were visited.",
        "ict_use": "Document review by shared screen on the first morning, without problems.",
        "has_org_changes": True,
        "org_changes_details": "A second assembly line since November.",
        "changes_affect_scope": False,
        "plan_reviewed": True,
        "plan_adequate": True,
        "team_qualified": True,
        "plan_approved": True,
        "audit_objectives_met": True,
        "scope_appropriate": True,
        "system_effectiveness": "The system is effective but for the control of held parts.",
        "internal_audit_and_review": "Done for all processes; the review led to three actions.",
        "key_findings_summary": "Good traceability and a strong grip on design changes. Parts on "
        "hold can leave the house, and two gauges were out of calibration.",
        "main_clauses": (
            MainClause("4", "Context"),
            MainClause("5", "Leadership"),
            MainClause("6", "Planning"),
            MainClause("7", "Support"),
            MainClause("8", "Operation"),
            MainClause("9", "Performance evaluation"),
            MainClause("10", "Improvement"),
        ),
        "items": items(item_count),
        "findings": FINDINGS,
        "evidence": evidence(photo_count),
        "attendance": (
            Attendance("Jo Murray", "Quality manager", True, True),
            Attendance("Per Lindqvist", "Managing director", True, False),
        ),
        "recommendation": "certify_conditions",
        "justification": "The major non-conformity has to be corrected and its action verified "
        "before a certificate can be granted. All else conforms.",
        "conditions": "First surveillance after six months.",
        "next_audit": "September 2026",
        "distribution": ("Client", "Certification body"),
        "expected_signers": SIGNERS,
    }
    return ReportSnapshot(**(values | changes))  # type: ignore[arg-type]


@cache
def jpeg(seed: int = 0, size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture that is not empty, as JPEG."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(image)
    for ring in range(6):
        left = 40 + 70 * ring + seed % 50
        draw.ellipse((left, 90, left + 160, 250), outline=(14, 90 + seed % 90, 107), width=9)
    target = BytesIO()
    image.save(target, "JPEG", quality=80)
    return target.getvalue()


def photo(evidence_id: str) -> bytes | None:
    """The preview of a piece of evidence; none for the ones that cannot be decoded."""
    place = int(evidence_id.rsplit("-", 1)[1])
    upright = place % 3 == 1
    return None if place % 7 == 6 else jpeg(place % 5, (480, 640) if upright else (640, 480))


@cache
def drawn_png(size: tuple[int, int] = (800, 300)) -> bytes:
    """A signature drawn by hand, as the screen gives it: ink on nothing."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    points = [(60 + i * 6.5, 150 + 90 * sin(i / 7) * cos(i / 23)) for i in range(100)]
    ImageDraw.Draw(image).line(points, fill=(20, 30, 90, 255), width=7)
    target = BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
