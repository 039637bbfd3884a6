"""Skills and certificates in a configuration file: a level, and dates if it has any."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from callengine.core.ids import Instant
from callengine.core.match.skills import Held

Level = Annotated[int, Field(ge=1, le=10, strict=True)]

CERTIFICATE = 5
"""Level of a certificate that is only named."""


def _moment(value: Any) -> Any:
    """Read a day (its beginning, UTC) or an instant with its offset."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("write the offset too, as in 2026-11-27T00:00:00+03:00")
        return value.timestamp()
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC).timestamp()
    if value is None:
        return None
    raise ValueError("write a day without quotes, as in 2026-11-27")


Moment = Annotated[Instant | None, BeforeValidator(_moment)]


class HeldPlan(BaseModel):
    """One skill of an agent; held from `certified_at` until before `expires_at`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    certified_at: Moment = None
    expires_at: Moment = None

    @property
    def held(self) -> Held:
        """Turn it into the core's value."""
        return Held(
            level=self.level,
            certified_at=self.certified_at,
            expires_at=self.expires_at,
        )

    @model_validator(mode="after")
    def _in_order(self) -> "HeldPlan":
        self.held  # noqa: B018 - which refuses dates that contradict each other
        return self


def _graded(value: Any) -> Any:
    return value if isinstance(value, dict | HeldPlan) else {"level": value}


Graded = Annotated[HeldPlan, BeforeValidator(_graded)]


def certificates(value: Any) -> Any:
    """Let a list of shops name certificates without their levels."""
    if isinstance(value, list):
        return {shop: CERTIFICATE for shop in value if isinstance(shop, str)}
    return value
