"""From a scenario's values to what the engine is given: roster, rules, regimes."""

from dataclasses import replace
from typing import Any

from callengine.core.compliance.parse import regime_of
from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.ids import AgentId, ShopId
from callengine.core.match.blending import Blend
from callengine.core.match.policy import Limits, Policy
from callengine.core.predictive.pacer import PredictiveRules
from callengine.core.records import Outcome
from callengine.core.recycling.plan import RecycleRules
from callengine.core.roster import AgentProfile, Roster, Shop
from callengine.core.rules import PacingRules, Rules
from sim.centre.model import Centre, RulesPart, ShopPart, Team

DIALLED = "+3804490{:05}"
"""The number of each shop, by its place in the file."""


def roster_of(centre: Centre) -> Roster:
    """Make shops, agents and regimes."""
    return Roster(
        shops=tuple(
            shop_of(slug, part, place, centre)
            for place, (slug, part) in enumerate(centre.shops.items())
        ),
        agents=tuple(
            profile
            for name, team in centre.teams.items()
            for profile in profiles_of(name, team)
        ),
        regimes=regimes_of(centre),
    )


def shop_of(slug: str, part: ShopPart, place: int, centre: Centre) -> Shop:
    """Make a shop; what it plays has a length and no sound."""
    return Shop(
        shop=ShopId(slug),
        name=part.title or slug,
        language=part.language,
        region="UA",
        currency="UAH",
        zone=part.zone or centre.zone,
        numbers=(DIALLED.format(place),),
        queue=slug,
        greeting="sound:greeting" if part.greeting_s else "",
        music="",
        caller_id=DIALLED.format(place),
        trunks=(part.trunk,),
        regime=part.regime,
        nuisance_message="sound:message" if part.message_s else "",
    )


def profiles_of(name: str, team: Team) -> list[AgentProfile]:
    """Make the agents of a team who are there today."""
    return [
        AgentProfile(
            agent=AgentId(f"{name}-{number}"),
            login=f"{name}-{number}",
            name=f"{name} {number}",
            endpoint=f"PJSIP/{name}-{number}",
            phone_mode=team.phone,
            skills={skill: level for skill, level in team.skills.items() if level},
            shops=tuple(ShopId(shop) for shop in team.shops),
        )
        for number in range(1, team.agents - team.absent + 1)
    ]


def regimes_of(centre: Centre) -> dict[str, Regime]:
    """Make presets and the file's own regimes. Raises `BadRegime`."""
    made = dict(PRESETS)
    for name, data in centre.regimes.items():
        made[name] = replace(regime_of(data), name=name)
    if centre.rules.dialling == "set_aside":
        made = {name: set_aside(regime) for name, regime in made.items()}
    return made


def set_aside(regime: Regime) -> Regime:
    """Forbid a regime to leave anybody without an agent."""
    return replace(regime, nuisance=replace(regime.nuisance, limit=0.0))


def rules_of(part: RulesPart) -> Rules:
    """Make the rules of the pool."""
    return Rules(
        ring_s=part.ring_s,
        customer_ring_s=part.customer_ring_s,
        wrap_up_s=part.wrap_up_s,
        relax_after_s=part.relax_after_s,
        max_wait_s=part.max_wait_s,
        spare=part.spare,
        routing=policy_of(part),
        pacing=PacingRules(
            keep_free=part.keep_free,
            blend=blend_of(part),
            most_lines=part.most_lines,
            predictive=PredictiveRules(hang_up_after_s=part.hang_up_after_s),
        ),
        recycling=retries_of(part),
    )


def blend_of(part: RulesPart) -> Blend | None:
    """Make the rule that keeps agents free for expected callers, if there is one."""
    return None if part.keep_per_caller is None else Blend(keep=part.keep_per_caller)


def policy_of(part: RulesPart) -> Policy:
    """Make the matcher's policy; what is not said is its default."""
    said: dict[str, Any] = {
        "agents": part.agent_order,
        "callers": part.caller_order,
        "on_skill_credit_s": part.on_skill_credit_s,
    }
    limits = Limits(
        occupancy_cap=part.occupancy_cap,
        window_s=part.occupancy_window_s,
        calls_per_hour=part.calls_per_hour,
    )
    given = {name: value for name, value in said.items() if value is not None}
    return Policy(limits=limits, **given)


def retries_of(part: RulesPart) -> RecycleRules:
    """Make the rules of retries; outcomes that are not named keep the engine's."""
    usual = RecycleRules(budget=part.max_tries)
    own = {Outcome(name): delays for name, delays in part.retry_s.items()}
    return replace(usual, delays_s={**usual.delays_s, **own})
