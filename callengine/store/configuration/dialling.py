"""Where a shop's orders are called and what that may cost, as a file says it."""

from typing import Annotated

import orjson
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from callengine.core.compliance.budget import ELSEWHERE


def _region(text: str) -> str:
    if text not in SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is no region; use two capitals such as RU or UA")
    return text


def _prices(prices: dict[str, int]) -> dict[str, int]:
    for country in prices:
        if country != ELSEWHERE:
            _region(country)
    return prices


Region = Annotated[str, AfterValidator(_region)]
Price = Annotated[int, Field(ge=0, le=10**6, strict=True)]


class DiallingPlan(BaseModel):
    """Where a shop's orders are called, and what that may cost a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    countries: Annotated[list[Region], Field(max_length=50)] = []
    attempts_per_day: Annotated[int, Field(ge=0, le=10**7)] | None = None
    money_per_day_minor: Annotated[int, Field(ge=0, le=10**12, strict=True)] | None = (
        None
    )
    prices_minor: Annotated[
        dict[str, Price],
        AfterValidator(_prices),
    ] = {}

    @property
    def text(self) -> str:
        """What was said, as it is kept."""
        said = self.model_dump(exclude_defaults=True)
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()

    def demand_prices(self, region: str) -> None:
        """
        Refuse a limit of money where calls have no price.

        Args:
            region: the shop's own, called when no countries are named.

        Raises:
            ValueError: naming the countries.
        """
        if self.money_per_day_minor is None or ELSEWHERE in self.prices_minor:
            return
        called = self.countries or [region]
        unpriced = [c for c in called if c not in self.prices_minor]
        if unpriced:
            raise ValueError(
                "dialling.money_per_day_minor needs the price of a minute to"
                f" {', '.join(unpriced)} in dialling.prices_minor, or to"
                f' "{ELSEWHERE}" for all others'
            )
