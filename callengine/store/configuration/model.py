"""What a configuration file may say; every refusal tells what to write instead."""

import re
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from callengine.core.match.skills import SKILL_NAME, Held
from callengine.core.numbers import BadNumber, read_dialled
from callengine.core.phones import HEADERS, AutoAnswer, PhoneModel
from callengine.core.rulebook.book import Rulebook
from callengine.core.rulebook.reading import read_rulebook
from callengine.store.configuration.columns import Columns
from callengine.store.configuration.columns import guess as guess
from callengine.store.configuration.dialling import DiallingPlan, Region
from callengine.store.configuration.held import Graded, HeldPlan, certificates
from callengine.store.configuration.trunks import each_once, one_trunk

SKILL_CHARACTERS = 64
HELD_KEYS = frozenset(HeldPlan.model_fields)
MAX_ENTRIES = 10_000


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{1,31}", text):
        raise ValueError(
            f"{text!r}: use 2 to 32 of a-z, 0-9, - and _, beginning with a letter"
        )
    return text


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(
            f"{text!r} is no time zone{guess(text, available_timezones())}"
        )
    ZoneInfo(text)
    return text


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", text):
        raise ValueError(f"{text!r} is no language; use a code such as ru or uk")
    return text


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError(f"{text!r} is no currency; use three capitals such as RUB")
    return text


def _url(text: str) -> str:
    if not text:
        return text
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and parts.port != 0  # which also checks that it is a number
    except ValueError:
        good = False
    if not good or re.search(r"\s", text):
        raise ValueError(f"{text!r} is no address; use https://HOST/PATH")
    return text


def _media(text: str) -> str:
    if text and not re.fullmatch(r"sound:[\w/.-]+", text):
        raise ValueError(f"{text!r}: use sound:FOLDER/NAME, or leave it out")
    return text


def _skills(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    for name, level in value.items():
        if name.startswith("shop."):
            raise ValueError(
                f"{name!r} is a certificate; write it under shops ="
                f" {{ {name[5:]} = LEVEL }}"
            )
        if isinstance(level, dict) and not HELD_KEYS & set(level):
            quoted = f'"{name}.{next(iter(level), "NAME")}"'
            raise ValueError(f"put the skill in quotes: {quoted}")
        if not SKILL_NAME.fullmatch(name) or len(name) > SKILL_CHARACTERS:
            raise ValueError(
                f"{name!r} is no skill; use names such as lang.ru or product.phones"
            )
    return value


Name = Annotated[str, AfterValidator(_name)]
Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
Currency = Annotated[str, AfterValidator(_currency)]
Url = Annotated[str, Field(max_length=500), AfterValidator(_url)]
Media = Annotated[str, Field(max_length=200), AfterValidator(_media)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(ge=1, le=30 * 86_400)]
Secret = Annotated[str, Field(pattern=r"^(whsec_[A-Za-z0-9+/=]{32,120})?$")]


class Table(BaseModel):
    """A table of the file: nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReceiversPlan(Table):
    """
    Where a shop's messages go; empty secrets are generated.

    `..._attempts`: tell of attempts and call-backs too, not only of what was settled.
    """

    shop_url: Url = ""
    shop_secret: Secret = ""
    shop_attempts: bool = False
    logistics_url: Url = ""
    logistics_secret: Secret = ""
    logistics_attempts: bool = False


class QueuePlan(Table):
    """The fallback queue in Asterisk; its name is the shop's slug by default."""

    name: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_-]{1,31})?$")] = ""
    strategy: Literal[
        "rrmemory", "leastrecent", "fewestcalls", "random", "ringall", "linear"
    ] = "leastrecent"
    ring_s: Annotated[int, Field(ge=3, le=120)] = 20
    music: Annotated[str, Field(max_length=64)] = "default"


class ProductPlan(Table):
    """Something a shop sells."""

    sku: Annotated[str, Field(min_length=1, max_length=100)]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    category: Name
    price_minor: Annotated[int, Field(ge=0, le=10**12, strict=True)]


class ShopPlan(Table):
    """A tenant."""

    slug: Name
    name: Title
    language: Language
    region: Region
    currency: Currency
    zone: Zone
    numbers: Annotated[list[str], Field(max_length=1000)] = []
    caller_id: Annotated[str, Field(validate_default=True)] = ""
    greeting: Media = ""
    music: Annotated[str, Field(max_length=64)] = "default"
    trunks: Annotated[list[Name], Field(max_length=16), AfterValidator(each_once)] = []
    dial_orders: bool = True
    regime: Name = "house"
    nuisance_message: Media = ""
    advertising: bool = False
    dialling: DiallingPlan = DiallingPlan()
    delivery_required: bool = False
    goal_s: Seconds = 900.0
    callback_s: Seconds = 3600.0
    receivers: ReceiversPlan = ReceiversPlan()
    queue: QueuePlan = QueuePlan()
    columns: Columns = {}
    products: Annotated[list[ProductPlan], Field(max_length=MAX_ENTRIES)] = []

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return one_trunk(data)

    @model_validator(mode="after")
    def _every_call_has_a_price(self) -> "ShopPlan":
        self.dialling.demand_prices(self.region)
        return self

    @property
    def queue_name(self) -> str:
        """The name of the fallback queue."""
        return self.queue.name or self.slug

    @field_validator("numbers", mode="before")
    @classmethod
    def _read_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the shop's own numbers in its own region."""
        region = info.data.get("region")
        if region is None or not isinstance(value, list):
            return value
        return [_number(text, region) for text in value]

    @field_validator("caller_id", mode="before")
    @classmethod
    def _read_caller_id(cls, value: Any, info: ValidationInfo) -> Any:
        """Read it likewise; the shop's first number when it is not said."""
        region, numbers = info.data.get("region"), info.data.get("numbers")
        if region is None or numbers is None:
            return value
        return _number(value, region) if value else next(iter(numbers), "")


def _number(text: Any, region: str) -> str:
    if not isinstance(text, str):
        # Pydantic explains a ValueError and lets a TypeError through.
        raise ValueError("phone numbers are texts: put them in quotes")  # noqa: TRY004
    try:
        return read_dialled(text, region)
    except BadNumber as bad:
        raise ValueError(f"{text!r}: {bad}") from None


class AgentPlan(Table):
    """A person who handles calls."""

    login: Name
    name: Title
    phone_mode: Literal["ring", "auto_answer"] = "ring"
    phone_model: PhoneModel = PhoneModel.OTHER
    auto_answer: AutoAnswer | None = None
    srtp: bool | None = None
    shops: Annotated[dict[Name, Graded], BeforeValidator(certificates)] = {}
    skills: Annotated[dict[str, Graded], BeforeValidator(_skills)] = {}

    @property
    def header(self) -> AutoAnswer:
        """How the phone is asked to answer by itself: as said, else as its model."""
        return self.auto_answer or HEADERS[self.phone_model]

    @property
    def sheet(self) -> dict[str, Held]:
        """Skills and certificates with their dates."""
        shops = {f"shop.{shop}": plan.held for shop, plan in self.shops.items()}
        return {name: plan.held for name, plan in self.skills.items()} | shops

    def level(self, skill: str) -> int:
        """The level of a skill, valid or not; 0 without it."""
        return self.skills[skill].level if skill in self.skills else 0

    @model_validator(mode="after")
    def _not_ours(self) -> "AgentPlan":
        if self.login in ("trunk", "anonymous", "callengine"):
            raise ValueError(f"the login {self.login!r} is taken by Asterisk's own")
        return self


class RemovedPlan(Table):
    """Who is no more."""

    agents: Annotated[list[Name], Field(max_length=MAX_ENTRIES)] = []


class RulesPlan(Table):
    """The routing rules of a file, with its lines; `configuration.rules` reads them."""

    text: str

    @cached_property
    def book(self) -> Rulebook:
        """Read the rules, which were checked before."""
        return read_rulebook(self.text)


class Plan(Table):
    """A whole file; without `rules` those in force stay."""

    shops: Annotated[list[ShopPlan], Field(max_length=1000)] = []
    agents: Annotated[list[AgentPlan], Field(max_length=MAX_ENTRIES)] = []
    regimes: Annotated[dict[Name, dict[str, Any]], Field(max_length=100)] = {}
    removed: RemovedPlan = RemovedPlan()
    rules: RulesPlan | None = None
