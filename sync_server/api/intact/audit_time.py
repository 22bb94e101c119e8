"""Audit time of an application: what is said of the work, and the calculation as it is shown."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from intact_core.records.contracts import Application
from intact_core.rules.audit_time_case import Adjustment, SiteWork
from sync_server.api.intact.fields import Amount, Body, Flag, Line, Moment, Percent, Reason, Text
from sync_server.services.audit_time import Basis, calculation_of

Risk = Literal["high", "medium", "low", "limited"]
AuditType = Literal["initial", "surveillance", "recertification"]
Role = Literal["lead_auditor", "auditor", "technical_expert", "observer", "trainee"]
People = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class Factor(Body):
    """What shortens or lengthens the time, in percent, and why."""

    percent: Percent
    reason: Reason

    def signed(self, sign: int) -> Adjustment:
        return Adjustment(sign * self.percent, self.reason)


class AuditedStandard(Body):
    standard: Line = Field(examples=["ISO 14001"])
    risk: Risk = "medium"


class Site(Body):
    """A site beside the central function."""

    name: Line
    personnel: People
    reduction: Percent = Decimal(0)
    reason: Text = ""


class TeamMember(Body):
    role: Role
    days: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2)]


class NewAuditTime(Body):
    """What audit time follows from. Standard and personnel default to the application's.

    With sites, `personnel` is that of the central function alone. Reductions come to 30 % at most,
    at a site to 50 %, for one integrated system to 20 %.
    """

    audit_type: AuditType = "initial"
    personnel: People | None = None
    risk: Risk = "medium"
    standards: list[AuditedStandard] = Field([], max_length=4)
    reductions: list[Factor] = Field([], max_length=20)
    additions: list[Factor] = Field([], max_length=20)
    sites: list[Site] = Field([], max_length=500)
    may_sample: Flag = True
    integration: Factor | None = None
    on_site_percent: Percent = Decimal(80)
    team: list[TeamMember] = Field([], max_length=50)

    def basis(self) -> Basis:
        """The same for the service."""
        return Basis(
            audit_type=self.audit_type,
            risk=self.risk,
            personnel=self.personnel,
            standards=[(one.standard, one.risk) for one in self.standards],
            adjustments=[
                *(one.signed(-1) for one in self.reductions),
                *(one.signed(1) for one in self.additions),
            ],
            sites=[SiteWork(**one.model_dump()) for one in self.sites],
            may_sample=self.may_sample,
            integration=None if self.integration is None else self.integration.signed(1),
            on_site_percent=self.on_site_percent,
            team=[(one.role, one.days) for one in self.team],
        )


class ShownScheme(BaseModel):
    scheme: str
    risk: str


class ShownSample(BaseModel):
    sites: int
    visited: int
    at_random: int


class ShownStep(BaseModel):
    text: str
    days: Amount
    source: str


class ShownCycle(BaseModel):
    initial: Amount
    surveillance: Amount
    recertification: Amount


class ShownAuditTime(BaseModel):
    """Days of eight hours. `cycle` are those of each kind of audit by today's figures.

    `assigned_days` are the days of the team named that count: only auditors' do.
    """

    audit_type: AuditType
    days: Amount
    on_site_days: Amount
    off_site_days: Amount
    personnel: int
    standards: list[ShownScheme]
    sites: ShownSample
    steps: list[ShownStep]
    cycle: ShownCycle
    assigned_days: Amount | None
    rule: str
    calculated_at: Moment
    calculated_by: UUID

    @classmethod
    def of(cls, row: Application) -> Self:
        """The calculation that is kept with an application; raises NotFound without one."""
        return cls.model_validate(calculation_of(row))


def shown_audit_time(row: Application) -> dict[str, Any] | None:
    """The same as data, or nothing."""
    if row.audit_time is None:
        return None
    return ShownAuditTime.of(row).model_dump()
