"""
What a scenario says, as values: shops, teams, trunks, people and rules of one day.

Every table refuses keys that it does not know. Times of day are `HH:MM` on the
centre's clock, spans are `HH:MM-HH:MM`; durations carry their unit in the name.
"""

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from callengine.core.match.policy import AgentKey, CallerOrder
from sim.centre.values import (
    MINUTES_A_DAY,
    Clock,
    Length,
    Level,
    Rate,
    Seconds,
    Share,
    Shares,
    Span,
    Spare,
    Times,
    Title,
    no_overlap,
    skill_names,
    zone_name,
)


class Part(BaseModel):
    """Base of every table."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Surge(Part):
    """For some minutes, more of what comes in."""

    at: Clock
    minutes: Annotated[float, Field(strict=True, gt=0, le=MINUTES_A_DAY)]
    times: Times


class Flow(Part):
    """
    What comes in: a rate by time of day, as Poisson arrivals.

    Attributes:
        per_hour: arrivals per hour by span; none outside the spans.
        times: all rates times this.
    """

    per_hour: Annotated[dict[Span, Rate], AfterValidator(no_overlap)] = {}
    times: Times = 1.0
    surges: tuple[Surge, ...] = ()


class Calls(Flow):
    """
    Callers of a shop.

    Attributes:
        patience_s: mean of an exponential wait after which a caller hangs up.
        talk_s, talk_cv: mean and variation of a lognormal talk.
        languages: share of callers by language; the shop's own if empty.
        products: share of callers who buy this category mostly; others need none.
        redial: share of those who gave up and call again, up to three times.
    """

    patience_s: Length = 90.0
    talk_s: Length = 180.0
    talk_cv: Annotated[float, Field(strict=True, ge=0.05, le=5)] = 0.8
    wrap_up_s: Seconds = 20.0
    languages: Shares = {}
    products: Shares = {}
    redial: Share = 0.3
    redial_after_s: Length = 180.0


class Orders(Flow):
    """
    Orders of a shop that are confirmed by a call.

    Attributes:
        backlog: orders from the day before, due from the first minute.
        answered: share of attempts that a person answers, after set-up and a time of
            three phases with mean `answer_s`.
        machine: share that a machine answers.
        no_answer: share that ring until the engine gives up.
        busy: share refused after an exponential time with mean `busy_s`; the rest
            fail at set-up.
        cut_off: when the courier leaves.
        consent: share of customers whose consent is on record.
    """

    backlog: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    answered: Share = 0.5
    machine: Share = 0.0
    no_answer: Share = 0.35
    busy: Share = 0.1
    answer_s: Length = 10.0
    busy_s: Length = 4.0
    talk_s: Length = 120.0
    talk_cv: Annotated[float, Field(strict=True, ge=0.05, le=5)] = 0.8
    wrap_up_s: Seconds = 20.0
    languages: Shares = {}
    products: Shares = {}
    value: Annotated[float, Field(strict=True, ge=0, le=1e9)] = 100.0
    cut_off: Clock | None = None
    consent: Share = 1.0

    @model_validator(mode="after")
    def _fates(self) -> "Orders":
        total = self.answered + self.machine + self.no_answer + self.busy
        if total > 1 + 1e-9:
            raise ValueError(
                f"answered, machine, no_answer and busy add up to {total:.2f}; "
                "at most 1, the rest fail at set-up"
            )
        return self


class ShopPart(Part):
    """
    A shop: who calls it, what it sells, by which rules it calls its customers.

    Attributes:
        regime: a preset, or one of the file's own `[regimes]`.
        trunk: one of `[trunks]`.
        greeting_s: length of what callers hear first; 0 for none.
        message_s: length of what a customer hears for whom nobody is free; 0: none.
    """

    title: str = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "uk"
    zone: Annotated[str, AfterValidator(zone_name)] = ""
    regime: str = "house"
    trunk: str = "main"
    greeting_s: Seconds = 0.0
    message_s: Annotated[float, Field(strict=True, ge=0, le=30)] = 5.0
    calls: Calls | None = None
    orders: Orders | None = None


class Break(Part):
    """A break; agents of a team take it one after another, `turn_minutes` apart."""

    at: Clock
    minutes: Annotated[float, Field(strict=True, gt=0, le=600)]
    turn_minutes: Annotated[float, Field(strict=True, ge=0, le=600)] = 0.0


class Team(Part):
    """
    Agents who are alike.

    Attributes:
        shift: when they are there.
        absent: how many of them are not there today.
        late_s: mean lateness in the morning.
        phone: auto_answer, or ring: takes no order calls.
        pick_up_s: mean time to pick up a ringing phone.
        misses: share of rings that an agent does not hear.
        back_after_s: until an agent who missed a call is ready again.
        drop_outs: how often a day an agent's phone is gone, `drop_out_minutes` long.
    """

    agents: Annotated[int, Field(strict=True, ge=0, le=5_000)]
    shops: tuple[str, ...]
    shift: Span
    skills: Annotated[dict[str, Level], AfterValidator(skill_names)] = {}
    absent: Annotated[int, Field(strict=True, ge=0)] = 0
    breaks: tuple[Break, ...] = ()
    late_s: Seconds = 0.0
    phone: Literal["auto_answer", "ring"] = "auto_answer"
    pick_up_s: Annotated[float, Field(strict=True, gt=0, le=60)] = 3.0
    misses: Share = 0.0
    back_after_s: Length = 60.0
    drop_outs: Annotated[float, Field(strict=True, ge=0, le=100)] = 0.0
    drop_out_minutes: Annotated[float, Field(strict=True, gt=0, le=600)] = 5.0


class Failure(Part):
    """A trunk refuses a share of attempts for some minutes."""

    at: Clock
    minutes: Annotated[float, Field(strict=True, gt=0, le=MINUTES_A_DAY)]
    share: Share = 1.0


class Trunk(Part):
    """
    A connection to a carrier.

    Attributes:
        lines: calls at once, both ways; callers beyond hear busy.
        setup_s: from dialling to the first ring.
    """

    lines: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1000
    setup_s: Seconds = 3.0
    fails: tuple[Failure, ...] = ()


class Delays(Part):
    """How long machines take: see `callengine.core.facts` for what happens then."""

    identify_s: Seconds = 0.1
    phone_s: Seconds = 0.1
    join_s: Seconds = 0.03
    hang_up_s: Seconds = 0.02
    feed_s: Seconds = 0.01


class RulesPart(Part):
    """
    Rules of the pool that may be changed; what is not here is as the engine has it.

    Attributes:
        spare: reserve factor of agents who help off skill at once; "never": nobody.
        keep_per_caller: agents kept free per caller expected; none: `keep_free` only.
        dialling: predictive, or set_aside: an agent waits for every order call.
        hang_up_after_s: a customer's phone may be given up after ringing so long, not
            before the regime's least ring; none: it rings to the end.
        agent_order, caller_order: of the matcher's policy.
        retry_s: seconds until the next try, by outcome, in place of the engine's own.
    """

    wrap_up_s: Seconds = 60.0
    ring_s: Length = 20.0
    customer_ring_s: Annotated[float, Field(strict=True, ge=5, le=120)] = 30.0
    max_wait_s: Length = 300.0
    relax_after_s: Seconds = 15.0
    spare: Spare = 2.0
    keep_free: Annotated[int, Field(strict=True, ge=0, le=1000)] = 1
    keep_per_caller: Annotated[float, Field(strict=True, ge=0, le=100)] | None = None
    most_lines: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1000
    occupancy_cap: Annotated[float, Field(strict=True, ge=0.05, le=1)] | None = None
    occupancy_window_s: Annotated[float, Field(strict=True, gt=0, le=86_400)] = 1800.0
    calls_per_hour: Annotated[int, Field(strict=True, ge=1, le=3600)] | None = None
    dialling: Literal["predictive", "set_aside"] = "predictive"
    hang_up_after_s: Annotated[float, Field(strict=True, ge=5, le=120)] | None = None
    agent_order: tuple[AgentKey, ...] | None = None
    caller_order: CallerOrder | None = None
    on_skill_credit_s: Annotated[float, Field(strict=True, ge=0, le=1e6)] | None = None
    max_tries: Annotated[int, Field(strict=True, ge=1, le=50)] = 8
    retry_s: dict[str, tuple[Length, ...]] = {}


class Jump(Part):
    """The engine's clock is set, back or forth, by so many seconds."""

    at: Clock
    seconds: Annotated[float, Field(strict=True, ge=-3600, le=3600)]


class Centre(Part):
    """
    One day of a centre under one set of rules.

    Attributes:
        days_before: days lived through first, so that the engine knows its people.
    """

    title: Title
    zone: Annotated[str, AfterValidator(zone_name)] = "Europe/Kyiv"
    date: datetime.date
    days_before: Annotated[int, Field(strict=True, ge=0, le=7)] = 0
    jumps: tuple[Jump, ...] = ()
    rules: RulesPart = RulesPart()
    delays: Delays = Delays()
    trunks: dict[str, Trunk] = {"main": Trunk()}
    regimes: dict[str, Mapping[str, Any]] = {}
    shops: Annotated[dict[str, ShopPart], Field(min_length=1, max_length=100)]
    teams: Annotated[dict[str, Team], Field(min_length=1, max_length=200)]
