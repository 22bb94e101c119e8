"""How many days an initial audit takes by personnel: tables as data, each with its edition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

MD5 = "IAF MD 5:2019"
ISMS_EDITION = "ISO/IEC 27006:2015, annex B"
MD1 = "IAF MD 1:2018"
MD11 = "IAF MD 11:2019"

SCHEMES: Mapping[str, str] = MappingProxyType(
    {
        "qms": "quality (ISO 9001)",
        "ems": "environment (ISO 14001)",
        "ohs": "occupational health and safety (ISO 45001)",
        "isms": "information security (ISO/IEC 27001)",
    }
)
SCHEME_OF_STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "ISO 9001": "qms",
        "ISO 14001": "ems",
        "ISO 45001": "ohs",
        "ISO/IEC 27001": "isms",
        "ISO 27001": "isms",
    }
)
RISKS = ("high", "medium", "low", "limited")


@dataclass(frozen=True)
class Table:
    """Days of stage 1 and stage 2 together for each band of personnel, up to `upper`."""

    edition: str
    upper: Sequence[int]
    days: Sequence[Decimal]

    def days_for(self, personnel: int) -> Decimal:
        """Days for so many people; above the table its progression goes on."""
        for upper, days in zip(self.upper, self.days, strict=True):
            if personnel <= upper:
                return days
        upper, days = self.upper[-1], self.days[-1]
        step = days - self.days[-2]
        while personnel > upper:
            upper, days = upper * 5 // 4, days + step
        return days

    @property
    def largest(self) -> int:
        """The largest number of people that the table itself knows."""
        return self.upper[-1]


_UPPER = (
    *(5, 10, 15, 25, 45, 65, 85, 125, 175, 275, 425, 625),
    *(875, 1175, 1550, 2025, 2675, 3450, 4350, 5450, 6800, 8500, 10700),
)
_QMS = "1.5 2 2.5 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22"
_BY_RISK = {
    "high": "3 3.5 4.5 5.5 7 8 9 11 12 13 15 16 17 19 20 21 23 25 27 28 30 32 34",
    "medium": "2.5 3 3.5 4.5 5.5 6 7 8 9 10 11 12 13 15 16 17 18 19 20 21 23 25 27",
    "low": "2.5 3 3 3.5 4 4.5 5 5.5 6 7 8 9 10 11 12 12 13 14 15 16 17 19 20",
    "limited": "2.5 3 3 3 3 3.5 3.5 4 4.5 5 5.5 6 6.5 7 7.5 8 8.5 9 10 11 12 13 14",
}
_ISMS = "5 6 7 8.5 10 11 12 13 14 15 16.5 17.5 18.5 19.5 21 22 23 24 25 26 27 28"


def _days(row: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(one) for one in row.split())


_TABLES: Mapping[tuple[str, str], Table] = {
    ("qms", ""): Table(MD5, _UPPER, _days(_QMS)),
    ("isms", ""): Table(ISMS_EDITION, _UPPER[1:], _days(_ISMS)),
    **{("ems", risk): Table(MD5, _UPPER, _days(row)) for risk, row in _BY_RISK.items()},
    **{
        ("ohs", risk): Table(MD5, _UPPER, _days(row))
        for risk, row in _BY_RISK.items()
        if risk != "limited"
    },
}


def table_of(scheme: str, risk: str) -> Table | None:
    """The table of a scheme; risk counts for environment and for health and safety alone."""
    return _TABLES.get((scheme, risk)) or _TABLES.get((scheme, ""))
