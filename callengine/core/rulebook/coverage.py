"""
What rules ask for, held against the people there are, before anybody calls.

For every rule and shop a few calls are made up that the rule holds for, as plain as
they can be; what the whole file asks of an agent for them is what is looked for.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

from callengine.core.agent import SkillClass
from callengine.core.ids import Instant
from callengine.core.match.relaxation import Ladder
from callengine.core.match.requirement import ANYBODY, skills_of
from callengine.core.match.zero_match import find_gaps
from callengine.core.rulebook.book import (
    CallFacts,
    Promo,
    Purchase,
    Rule,
    Rulebook,
    matches,
)
from callengine.core.rulebook.deciding import Decider

REGION = "region."
MOST_CALLS = 20
"""Made up for one rule and shop."""
MOST_DOUBTS = 100
MOST_WORK = 2_000_000
"""Looks at a rule for a call: more would take longer than anybody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopView:
    """
    What is to be known of a shop.

    Attributes:
        regions: that its agents know.
    """

    shop: str
    language: str
    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """Something that can be applied and will disappoint; `line` of its rule."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Call:
    """A made-up call, what the rules ask for it, and the last of those that ask."""

    rule: Rule
    shop: str
    ladder: Ladder

    @property
    def name(self) -> str:
        """Name it for people."""
        return f'rule "{self.rule.name}", shop {self.shop}'


def doubts_of(
    book: Rulebook,
    shops: Iterable[ShopView],
    roster: Mapping[str, SkillClass],
    now: Instant,
) -> list[Doubt]:
    """
    List what callers will meet, in the order of the file; at most `MOST_DOUBTS`.

    Of a huge file only the first rules are looked at, and the last doubt says so.
    """
    if not book.rules:
        return []
    if not roster:
        line = book.rules[0].line
        return [Doubt(line, "nobody is on the roster: no rule finds an agent")]
    most_shops = max(1, MOST_WORK // (len(book.rules) * 2))
    decider = Decider(book)
    views = tuple(_knowing(shop, roster) for shop in tuple(shops)[:most_shops])
    found: dict[str, Doubt] = {}
    most_rules = max(1, MOST_WORK // (len(book.rules) * max(1, len(views)) * 2))
    if len(book.rules) > most_rules:
        line = book.rules[most_rules].line
        said = "rules from here on were not held against the roster: there are too many"
        found[said] = Doubt(line, said)
    for rule in book.rules[:most_rules]:
        for doubt in _of_rule(rule, book, decider, views, roster, now):
            found.setdefault(doubt.text, doubt)
            if len(found) >= MOST_DOUBTS:
                return sorted(found.values())
    return sorted(found.values())


def _knowing(shop: ShopView, roster: Mapping[str, SkillClass]) -> ShopView:
    """Add the regions that a shop's agents know."""
    own = f"shop.{shop.shop}"
    known = {
        name.removeprefix(REGION)
        for skills in roster.values()
        if any(name == own for name, _ in skills)
        for name, _ in skills
        if name.startswith(REGION)
    }
    return replace(shop, regions=tuple(sorted(known)))


def skills_asked(book: Rulebook) -> frozenset[str]:
    """Name every skill the rules speak of; `*` for what is filled in from the call."""
    exprs = (e for rule in book.rules for e in (rule.hard, *rule.soft))
    named = {skill for expr in exprs for skill in skills_of(expr)}
    if any(rule.history for rule in book.rules):
        named.add(f"{book.history.skill}.{{choice}}")
    return frozenset(_starred(skill) for skill in named)


def _starred(skill: str) -> str:
    before, brace, rest = skill.partition("{")
    return before + "*" + _starred(rest.partition("}")[2]) if brace else skill


def _of_rule(
    rule: Rule,
    book: Rulebook,
    decider: Decider,
    shops: tuple[ShopView, ...],
    roster: Mapping[str, SkillClass],
    now: Instant,
) -> Iterator[Doubt]:
    cap_s = book.policy.policy.credit_cap_s
    if rule.credit_s > cap_s:
        said = f"credit_s of {rule.credit_s:g} counts as {cap_s:g}: that is the cap"
        yield Doubt(rule.line, f'rule "{rule.name}": {said}')
    calls: dict[Ladder, _Call] = {}
    for shop in shops:
        for call in _calls(rule, book, decider, shop, now):
            calls.setdefault(call.ladder, call)
    dialled = rule.when.dialled
    numbers = [number for shop in shops for number in shop.numbers]
    if dialled and numbers and not any(matches(n, dialled) for n in numbers):
        said = f"nobody can dial {', '.join(dialled)}: no shop has such a number"
        yield Doubt(rule.line, f'rule "{rule.name}": {said}')
    for call in calls.values():
        for gap in find_gaps([(call.name, call.ladder)], roster):
            yield Doubt(call.rule.line, gap.text)
        yield from _uncertified(call, roster)


def _uncertified(call: _Call, roster: Mapping[str, SkillClass]) -> Iterator[Doubt]:
    """Find agents of other shops who may get the call in the end."""
    last, own = call.ladder.steps[-1].expr, f"shop.{call.shop}"
    for agent, skills in sorted(roster.items()):
        held = dict(skills)
        if own not in held and last.met_by(held):
            yield Doubt(
                call.rule.line,
                f"{call.name}: {agent} may get such calls without that shop's"
                ' certificate; write hard = "shop.{shop}" in a rule for all',
            )
            return


def _calls(
    rule: Rule, book: Rulebook, decider: Decider, shop: ShopView, now: Instant
) -> Iterator[_Call]:
    for facts in islice(_facts(rule, book, shop, now), MOST_CALLS):
        at = _during(rule, book, now)
        verdict = decider.decide(facts, at)
        if rule.name in verdict.rules:
            held = (r for r in reversed(book.rules) if r.name in verdict.rules)
            asks = (r for r in held if r.hard != ANYBODY or r.soft or r.history)
            yield _Call(next(asks, rule), shop.shop, verdict.ladder)


def _facts(
    rule: Rule, book: Rulebook, shop: ShopView, now: Instant
) -> Iterator[CallFacts]:
    when = rule.when
    if when.shop and not matches(shop.shop, when.shop):
        return
    dialled = [n for n in shop.numbers if matches(n, when.dialled)] or [""]
    promo = _promo(rule, book)
    regions = when.region or (() if promo is None else promo.regions)
    stages = when.order_stage or (("new",) if when.open_order else ())
    texts = product(
        dialled[:1],
        [_plain(p) for p in when.language] or [shop.language],
        [_plain(p) for p in when.choice] or [""],
        [_plain(p) for p in when.segment] or [""],
        [r for p in regions for r in _regions(p, shop)] or [""],
        [_plain(p) for p in stages] or [""],
    )
    for number, language, choice, segment, region, stage in texts:
        for bought in _purchases(rule, book, shop, now):
            yield CallFacts(
                shop=shop.shop,
                dialled=number,
                language=language,
                choice=choice,
                segment=segment,
                region=region,
                order_stage=stage,
                purchases=bought,
            )


def _regions(pattern: str, shop: ShopView) -> list[str]:
    """Name regions that a pattern means: those that somebody knows, if any."""
    known = [region for region in shop.regions if matches(region, (pattern,))]
    return known if "*" in pattern and known else [_plain(pattern)]


def _plain(pattern: str) -> str:
    """Make up a text that a pattern matches."""
    return pattern.replace("*", "") or "any"


def _purchases(
    rule: Rule, book: Rulebook, shop: ShopView, now: Instant
) -> list[tuple[Purchase, ...]]:
    """Buy nothing, then just enough of each category."""
    found: list[tuple[Purchase, ...]] = [()]
    if not rule.history:
        return found
    for category in shop.categories:
        weight = book.history.weights.get(category, book.history.other)
        if weight > 0:
            enough = max(1, math.ceil(book.history.from_points / weight))
            found.append((Purchase(category=category, quantity=enough, at=now),))
    return found


def _promo(rule: Rule, book: Rulebook) -> Promo | None:
    wanted = rule.when.promo
    return next((p for p in book.promos if wanted and matches(p.name, wanted)), None)


def _during(rule: Rule, book: Rulebook, now: Instant) -> Instant:
    promo = _promo(rule, book)
    return now if promo is None or promo.starts <= now < promo.ends else promo.starts
