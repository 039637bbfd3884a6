"""A rule file as values: what `reading` makes and `deciding` uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from callengine.core.ids import AgentId, Instant
from callengine.core.match.relaxation import Relax, standard_relaxes
from callengine.core.match.requirement import ANYBODY, Expr
from callengine.core.rulebook.policy import RoutingPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Something the customer bought, in pieces of one category."""

    category: str
    quantity: int
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """
    What rules may look at; '' for what is not known.

    Attributes:
        dialled: the number dialled, E.164.
        choice: what the caller chose in the menu.
        order_stage: the stage of the customer's open order, '' without one.
        responsible, last_agent: whom the customer knows.
    """

    shop: str = ""
    dialled: str = ""
    choice: str = ""
    language: str = ""
    segment: str = ""
    region: str = ""
    order_stage: str = ""
    purchases: tuple[Purchase, ...] = ()
    responsible: AgentId | None = None
    last_agent: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promo:
    """A promotion in some regions and shops for a time; empty sets mean everywhere."""

    name: str
    starts: Instant
    ends: Instant
    regions: tuple[str, ...] = ()
    shops: tuple[str, ...] = ()

    def runs(self, facts: CallFacts, now: Instant) -> bool:
        """Say whether it is on for a call."""
        here = not self.regions or matches(facts.region, self.regions)
        ours = not self.shops or matches(facts.shop, self.shops)
        return self.starts <= now < self.ends and here and ours


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    How purchases become a product skill, and fade.

    A piece counts `weight * 0.5 ** (age / half_life)` points for its category; the
    category with most points is asked for, at a level that grows with them.

    Attributes:
        weights: per category; others count `other`.
        from_points: fewer are no reason to ask for a product.
        points_per_level: how many more raise the level by one.
    """

    half_life_days: float = 90.0
    weights: Mapping[str, float] = field(default_factory=dict)
    other: float = 1.0
    from_points: float = 0.5
    points_per_level: float = 2.0
    least_level: int = 2
    most_level: int = 7
    skill: str = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """
    Which calls a rule is for: every condition given must hold.

    Conditions are tuples of patterns, of which one must match; `*` stands for any run
    of characters. An empty tuple is no condition.
    """

    shop: tuple[str, ...] = ()
    dialled: tuple[str, ...] = ()
    choice: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    order_stage: tuple[str, ...] = ()
    promo: tuple[str, ...] = ()
    open_order: bool | None = None

    def holds(self, facts: CallFacts, promos: tuple[str, ...]) -> bool:
        """Say whether the rule is for a call during promos."""
        for name in TEXT_CONDITIONS:
            patterns = getattr(self, name)
            if patterns and not matches(getattr(facts, name), patterns):
                return False
        if self.promo and not any(matches(p, self.promo) for p in promos):
            return False
        return self.open_order in (None, bool(facts.order_stage))


TEXT_CONDITIONS = (
    "shop",
    "dialled",
    "choice",
    "language",
    "segment",
    "region",
    "order_stage",
)


def matches(value: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a value, whatever its case, matches one of the patterns."""
    lower = value.lower()
    return any(fnmatchcase(lower, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    One rule.

    Attributes:
        hard: joined to what is never relaxed.
        soft: joined to the rest, in the order of importance.
        relaxes: what gives way; None leaves that to other rules.
        credit_s: priority; the highest of the rules that hold counts.
        prefer: `responsible`, `last_agent`, in order, for up to `prefer_s`.
        history: ask for the product the customer buys.
        stop: rules further down are not looked at.
    """

    name: str
    line: int = 0
    when: When = field(default_factory=When)
    hard: Expr = ANYBODY
    soft: tuple[Expr, ...] = ()
    relaxes: tuple[Relax, ...] | None = None
    credit_s: float = 0.0
    prefer: tuple[str, ...] = ()
    prefer_s: float = 10.0
    history: bool = False
    stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules of a pool, first to last."""

    rules: tuple[Rule, ...] = ()
    promos: tuple[Promo, ...] = ()
    history: History = field(default_factory=History)
    relaxes: tuple[Relax, ...] = field(default_factory=standard_relaxes)
    policy: RoutingPolicy = field(default_factory=RoutingPolicy)
