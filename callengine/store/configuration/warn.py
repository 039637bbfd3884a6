"""What can be applied and will disappoint: calls that today's roster cannot serve."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from callengine.core.agent import SkillClass
from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.ids import Instant
from callengine.core.match.skills import skills_at
from callengine.core.requirements import DEFAULT_LEVELS
from callengine.core.rulebook.book import Rulebook
from callengine.core.rulebook.coverage import ShopView, doubts_of, skills_asked
from callengine.core.rulebook.errors import BadRules
from callengine.core.rulebook.reading import read_rulebook
from callengine.core.trunks.trunk import Trunk
from callengine.store.configuration.known import Known
from callengine.store.configuration.locate import line_of
from callengine.store.configuration.model import AgentPlan, Plan, ShopPlan, guess
from callengine.store.configuration.problems import Problem
from callengine.store.configuration.regimes import regimes_of
from callengine.store.configuration.trunks import doubts_of_trunks

PREFIXES = ("lang", "product", "region")
NOTHING = Known()
SOON_DAYS = 30
DAY_S = 86_400.0


def warnings_of(
    plan: Plan,
    text: str = "",
    *,
    known: Known = NOTHING,
    now: Instant | None = None,
    trunks: Mapping[str, Trunk] = MappingProxyType({}),
) -> tuple[Problem, ...]:
    """
    List what callers will meet.

    Args:
        text: the file, to point at lines; may be empty.
        known: what is in force already.
        now: None leaves out what depends on the date.
        trunks: those of the settings; without any nothing is said of them.
    """
    found: list[Problem] = []
    regimes = {**PRESETS, **regimes_of(plan)}
    book = book_of(plan, known)
    asked = frozenset() if book is None else skills_asked(book)
    for index, shop in enumerate(plan.shops):
        line = line_of(text, ("shops", index)) if text else 0
        regime = regimes.get(shop.regime)
        found += [Problem(line, said) for said in _of_shop(shop, regime)]
        if shop.dial_orders:
            own = (shop.slug, shop.trunks, shop.caller_id, trunks)
            found += [Problem(line, said) for said in doubts_of_trunks(*own)]
        if book is None or not book.rules:
            said_of = _without_rules(shop, plan.agents)
            found += [Problem(line, said) for said in said_of]
    for index, agent in enumerate(plan.agents):
        line = line_of(text, ("agents", index)) if text else 0
        found += [Problem(line, said) for said in _of_agent(agent, asked)]
        if now is not None:
            found += [Problem(line, said) for said in _of_dates(agent, now)]
    if book is not None:
        shops, roster = _shops(plan, known), _roster(plan, known, now or 0.0)
        for doubt in doubts_of(book, shops, roster, now or 0.0):
            found.append(Problem(doubt.line if plan.rules and text else 0, doubt.text))
    return tuple(sorted(found))


def text_of(file: Path) -> str:
    """Read a file that was read before, for its lines."""
    return file.read_bytes().decode("utf-8-sig", "replace")


def book_of(plan: Plan, known: Known) -> Rulebook | None:
    """Read the rules that will be in force; None when there are none to read."""
    if plan.rules is not None:
        return plan.rules.book
    try:
        return read_rulebook(known.rules.text) if known.rules.version else None
    except BadRules:
        return None


def _shops(plan: Plan, known: Known) -> list[ShopView]:
    own = {
        shop.slug: ShopView(
            shop=shop.slug,
            language=shop.language,
            numbers=tuple(shop.numbers),
            categories=tuple(sorted({p.category for p in shop.products})),
        )
        for shop in plan.shops
    }
    return list({**known.shops, **own}.values())


def _roster(plan: Plan, known: Known, now: Instant) -> dict[str, SkillClass]:
    own = {agent.login: skills_at(agent.sheet, now) for agent in plan.agents}
    together = {**known.agents, **own}
    return {login: together[login] for login in set(together) - {*plan.removed.agents}}


def _of_shop(shop: ShopPlan, regime: Regime | None) -> Iterator[str]:
    name = f"shop {shop.slug}"
    if not shop.numbers:
        yield f"{name} has no number that could be dialled"
    if shop.caller_id and shop.caller_id not in shop.numbers:
        yield f"{name}: who calls back {shop.caller_id} reaches nobody; it is no number"
    for url, what in (
        (shop.receivers.shop_url, "shop_url"),
        (shop.receivers.logistics_url, "logistics_url"),
    ):
        if not url:
            yield f"{name} has no receivers.{what}: its messages will wait for one"
    if regime is not None and regime.message and not shop.nuisance_message:
        yield (
            f"{name}: regime {shop.regime} wants a nuisance_message; without it every"
            " order is dialled with an agent set aside"
        )


def _without_rules(shop: ShopPlan, agents: list[AgentPlan]) -> Iterator[str]:
    """Hold what a shop's calls need without rules against the agents."""
    name = f"shop {shop.slug}"
    mine = [agent for agent in agents if shop.slug in agent.shops]
    if not mine:
        yield f"{name} has no agent with its certificate: nobody can take its calls"
        return
    least = DEFAULT_LEVELS
    tongue = f"lang.{shop.language}"
    speakers = [a for a in mine if a.level(tongue) >= least.language]
    if not speakers:
        yield (
            f"{name}: no agent has {tongue} at {least.language} or more: nobody can"
            " take its calls"
        )
        return
    for category in sorted({product.category for product in shop.products}):
        skill = f"product.{category}"
        if all(agent.level(skill) < least.product for agent in speakers):
            yield (
                f"{name}: no agent who speaks {shop.language} has {skill} at"
                f" {least.product} or more: such calls wait before others take them"
            )


def _of_agent(agent: AgentPlan, asked: frozenset[str]) -> Iterator[str]:
    if not agent.shops:
        yield f"agent {agent.login} holds no shop's certificate and gets no calls"
    if not any(skill.startswith("lang.") for skill in agent.skills):
        yield f"agent {agent.login} speaks no language and gets no calls"
    for skill in agent.skills:
        prefix = skill.partition(".")[0]
        if prefix not in PREFIXES and not any(fnmatchcase(skill, a) for a in asked):
            yield (
                f"agent {agent.login}: no call asks for {skill}"
                f"{guess(prefix, PREFIXES)}"
            )


def _of_dates(agent: AgentPlan, now: Instant) -> Iterator[str]:
    for skill, held in agent.sheet.items():
        ends, begins = held.expires_at, held.certified_at
        name = f"agent {agent.login}: {skill}"
        if begins is not None and begins > now:
            yield f"{name} is held from {_day(begins)} on, not yet"
        if ends is None:
            continue
        if ends <= now:
            yield f"{name} expired on {_day(ends)} and counts as 0"
        elif ends <= now + SOON_DAYS * DAY_S:
            days = max(1, round((ends - now) / DAY_S))
            yield f"{name} expires on {_day(ends)}, in {days} days; it then counts as 0"


def _day(at: Instant) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
