"""What can be applied and will disappoint: calls that today's roster cannot serve."""

from collections.abc import Iterator
from pathlib import Path

from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.requirements import DEFAULT_LEVELS
from callengine.store.configuration.locate import line_of
from callengine.store.configuration.model import AgentPlan, Plan, ShopPlan, guess
from callengine.store.configuration.problems import Problem
from callengine.store.configuration.regimes import regimes_of

PREFIXES = ("lang", "product", "region")


def warnings_of(plan: Plan, text: str = "") -> tuple[Problem, ...]:
    """
    List what callers will meet.

    Args:
        text: the file, to point at lines; may be empty.
    """
    found: list[Problem] = []
    regimes = {**PRESETS, **regimes_of(plan)}
    for index, shop in enumerate(plan.shops):
        line = line_of(text, ("shops", index)) if text else 0
        regime = regimes.get(shop.regime)
        found += [Problem(line, said) for said in _of_shop(shop, regime, plan.agents)]
    for index, agent in enumerate(plan.agents):
        line = line_of(text, ("agents", index)) if text else 0
        found += [Problem(line, said) for said in _of_agent(agent)]
    return tuple(sorted(found))


def text_of(file: Path) -> str:
    """Read a file that was read before, for its lines."""
    return file.read_bytes().decode("utf-8-sig", "replace")


def _of_shop(
    shop: ShopPlan, regime: Regime | None, agents: list[AgentPlan]
) -> Iterator[str]:
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
    mine = [agent for agent in agents if shop.slug in agent.shops]
    if not mine:
        yield f"{name} has no agent with its certificate: nobody can take its calls"
        return
    least = DEFAULT_LEVELS
    tongue = f"lang.{shop.language}"
    speakers = [a for a in mine if a.skills.get(tongue, 0) >= least.language]
    if not speakers:
        yield (
            f"{name}: no agent has {tongue} at {least.language} or more: nobody can"
            " take its calls"
        )
        return
    for category in sorted({product.category for product in shop.products}):
        skill = f"product.{category}"
        if all(agent.skills.get(skill, 0) < least.product for agent in speakers):
            yield (
                f"{name}: no agent who speaks {shop.language} has {skill} at"
                f" {least.product} or more: such calls wait before others take them"
            )


def _of_agent(agent: AgentPlan) -> Iterator[str]:
    if not agent.shops:
        yield f"agent {agent.login} holds no shop's certificate and gets no calls"
    if not any(skill.startswith("lang.") for skill in agent.skills):
        yield f"agent {agent.login} speaks no language and gets no calls"
    for skill in agent.skills:
        prefix = skill.partition(".")[0]
        if prefix not in PREFIXES:
            yield (
                f"agent {agent.login}: no call asks for {skill}"
                f"{guess(prefix, PREFIXES)}"
            )
