"""The forms of values in requests, and the base of what is sent and shown."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)


def _no_zero(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain a zero character")
    return value


def _only_text(value: object) -> object:
    if not isinstance(value, str | date):
        raise ValueError("must be a date such as 2025-07-20")
    return value


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _is_web(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value


_PLAIN = StringConstraints(strip_whitespace=True, max_length=500)
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_no_zero),
]
"""A line that must say something."""
Text = Annotated[str, _PLAIN, AfterValidator(_no_zero)]
Long = Annotated[str, StringConstraints(max_length=100_000), AfterValidator(_no_zero)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000),
    AfterValidator(_no_zero),
]
Number = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_no_zero),
]
CertificateNumber = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,58}[A-Za-z0-9]$")
]
"""At most 60 characters (IAF MD28) that an address can carry."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""
Web = Annotated[
    str, StringConstraints(max_length=2_000), AfterValidator(_no_zero), AfterValidator(_is_web)
]
Day = Annotated[date, BeforeValidator(_only_text)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Money = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(ge=0, lt=10**12, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
Percent = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(ge=0, le=100, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
Moment = Annotated[
    datetime,
    PlainSerializer(lambda value: value.strftime("%Y-%m-%d %H:%M:%S")),
    WithJsonSchema({"type": "string", "examples": ["2025-07-20 14:30:00"]}),
]
"""Date and time in UTC as this API shows them: a space between, no zone."""
Amount = Annotated[Decimal, WithJsonSchema({"type": "number"})]


class Body(BaseModel):
    """What is sent. A field that is not known is an error, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid")

    def values(self) -> dict[str, Any]:
        """The fields that were sent."""
        return self.model_dump(exclude_unset=True)


class Filters(BaseModel):
    """Which page of a list, and what is looked for."""

    page: int = Field(1, ge=1, le=1_000_000, description="Page number")
    limit: int = Field(50, ge=1, le=100, description="Items per page")


class Shown(BaseModel):
    """What every record shows of itself."""

    id: UUID
    created_at: Moment
    updated_at: Moment | None = None
