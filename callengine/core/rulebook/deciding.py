"""What a call needs: every rule that holds adds its part."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from callengine.core.ids import Instant
from callengine.core.match.callers import Preferred
from callengine.core.match.relaxation import Ladder, Relax, build_ladder
from callengine.core.match.requirement import (
    ANYBODY,
    Expr,
    Level,
    both,
    changed,
    least,
)
from callengine.core.rulebook.book import CallFacts, History, Purchase, Rule, Rulebook
from callengine.core.rulebook.grammar import fill

DAY_S = 86_400.0
_LADDERS_KEPT = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What the rules say of a call.

    Attributes:
        rules: names of those that held, for the record.
        points: of every category bought, when a rule asked for the history.
    """

    ladder: Ladder
    credit_s: float
    preferred: tuple[Preferred, ...]
    rules: tuple[str, ...]
    points: tuple[tuple[str, float], ...] = ()


class Decider:
    """
    Applies a rulebook; equal needs give the very same ladder.

    Args:
        book: the rules.
    """

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self._ladders: dict[
            tuple[Expr, tuple[Expr, ...], tuple[Relax, ...]], Ladder
        ] = {}

    def decide(self, facts: CallFacts, now: Instant) -> Verdict:
        """Say what a call needs, how that gives way, and who is to be preferred."""
        promos = tuple(p.name for p in self.book.promos if p.runs(facts, now))
        rules = _holding(self.book.rules, facts, promos)
        values = _values(facts, promos)
        hard = both(*(_filled(rule.hard, values) for rule in rules))
        soft = [_filled(expr, values) for rule in rules for expr in rule.soft]
        points: tuple[tuple[str, float], ...] = ()
        if any(rule.history for rule in rules):
            points = points_of(facts.purchases, self.book.history, now)
            product = product_asked(points, self.book.history)
            if product is not None:
                soft.insert(0, product)
        relaxes = next(
            (rule.relaxes for rule in reversed(rules) if rule.relaxes is not None),
            self.book.relaxes,
        )
        kept = tuple(expr for expr in soft if expr != ANYBODY)
        return Verdict(
            ladder=self._ladder(hard, kept, relaxes),
            credit_s=max((rule.credit_s for rule in rules), default=0.0),
            preferred=_preferred(rules, facts),
            rules=tuple(rule.name for rule in rules),
            points=points,
        )

    def _ladder(
        self, hard: Expr, soft: tuple[Expr, ...], relaxes: tuple[Relax, ...]
    ) -> Ladder:
        key = (hard, soft, relaxes)
        ladder = self._ladders.get(key)
        if ladder is None:
            if len(self._ladders) >= _LADDERS_KEPT:
                self._ladders.clear()
            ladder = self._ladders[key] = build_ladder(hard, soft, relaxes)
        return ladder


def _holding(
    rules: Iterable[Rule], facts: CallFacts, promos: tuple[str, ...]
) -> list[Rule]:
    found = []
    for rule in rules:
        if rule.when.holds(facts, promos):
            found.append(rule)
            if rule.stop:
                break
    return found


def _values(facts: CallFacts, promos: tuple[str, ...]) -> dict[str, str]:
    """Name what may be filled into skill names."""
    return {
        "shop": facts.shop,
        "language": facts.language,
        "region": facts.region,
        "choice": facts.choice,
        "segment": facts.segment,
        "promo": promos[0] if promos else "",
    }


def _filled(expr: Expr, values: dict[str, str]) -> Expr:
    """Fill the names in; what speaks of something unknown is not asked for."""

    def filled(level: Level) -> Level | None:
        if "{" not in level.skill:
            return level
        name = fill(level.skill, values)
        return None if name is None else Level(name, level.op, level.level)

    found = changed(expr, filled)
    return ANYBODY if found is None else found


def points_of(
    purchases: Iterable[Purchase], history: History, now: Instant
) -> tuple[tuple[str, float], ...]:
    """Add up faded points per category, most first."""
    points: dict[str, float] = {}
    for purchase in purchases:
        weight = history.weights.get(purchase.category, history.other)
        age_s = max(0.0, now - purchase.at)
        faded = 0.5 ** (age_s / (history.half_life_days * DAY_S))
        gained = weight * max(0, purchase.quantity) * faded
        points[purchase.category] = points.get(purchase.category, 0.0) + gained
    return tuple(sorted(points.items(), key=lambda item: (-item[1], item[0])))


def product_asked(
    points: tuple[tuple[str, float], ...], history: History
) -> Expr | None:
    """Ask for the product with most points, None when they are too few."""
    if not points or points[0][1] < history.from_points:
        return None
    category, most = points[0]
    name = fill(f"{history.skill}.{{choice}}", {"choice": category})
    if name is None:
        return None
    more = math.floor((most - history.from_points) / history.points_per_level)
    level = min(history.most_level, history.least_level + more)
    return least(name, level)


def _preferred(rules: list[Rule], facts: CallFacts) -> tuple[Preferred, ...]:
    people = {"responsible": facts.responsible, "last_agent": facts.last_agent}
    found: dict[str, Preferred] = {}
    for rule in rules:
        for who in rule.prefer:
            agent = people[who]
            if agent is not None:
                new = Preferred(agent=agent, until_s=rule.prefer_s, why=who)
                found.setdefault(agent, new)
    return tuple(found.values())
