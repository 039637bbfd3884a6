"""What is wrong with a scenario that no single table can see."""

from collections.abc import Iterator
from typing import TypeAlias

from callengine.core.compliance.parse import regime_of
from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import BadRegime
from callengine.core.records import Outcome
from callengine.core.requirements import DEFAULT_LEVELS
from callengine.core.rulebook.errors import did_you_mean
from callengine.core.rulebook.positions import Path as Place
from sim.centre.building import regimes_of
from sim.centre.day import Day
from sim.centre.model import Centre, Flow, ShopPart, Team
from sim.centre.values import minute_of, span_of

MOST_ARRIVALS = 200_000
Found: TypeAlias = Iterator[tuple[Place, str, str]]
"""Where in a day's data, what, and what to write instead."""


def contradictions(centre: Centre) -> Found:
    """Find everything in one day that contradicts something else."""
    for name, data in centre.regimes.items():
        try:
            regime_of({"name": name, **data})
        except BadRegime as error:
            for line in str(error).splitlines():
                key, _, said = line.partition(": ")
                place = ("regimes", name, *key.split("."))
                yield place, f"regimes.{name}.{line}" if said else line, ""
    for name in centre.rules.retry_s:
        if name not in set(Outcome):
            hint = did_you_mean(name, [o.value for o in Outcome])
            yield ("rules", "retry_s", name), f"there is no outcome {name}", hint
    for name, team in centre.teams.items():
        yield from _of_team(name, team, centre)
    for slug, shop in centre.shops.items():
        yield from _of_shop(slug, shop, centre)
    if not any(team.agents > team.absent for team in centre.teams.values()):
        yield ("teams",), "nobody works on this day", "give a team agents"


def _of_team(name: str, team: Team, centre: Centre) -> Found:
    if team.absent > team.agents:
        said = f"{team.absent} of {team.agents} agents cannot be absent"
        yield ("teams", name, "absent"), said, ""
    if not team.shops:
        hint = f"there are {', '.join(centre.shops)}"
        yield ("teams", name, "shops"), "a team without a shop takes no calls", hint
    for place, shop in enumerate(team.shops):
        if shop not in centre.shops:
            hint = did_you_mean(shop, centre.shops)
            yield ("teams", name, "shops", place), f"there is no shop {shop}", hint
    begins, ends = span_of(team.shift)
    away = 0.0
    for place, pause in enumerate(team.breaks):
        at = minute_of(pause.at)
        away += pause.minutes
        if not begins <= at < ends:
            said = f"the break at {pause.at} is outside the shift {team.shift}"
            yield ("teams", name, "breaks", place), said, ""
    if away >= ends - begins:
        said = f"breaks of {away:g} minutes leave nothing of the shift"
        yield ("teams", name, "breaks"), said, ""


def _of_shop(slug: str, shop: ShopPart, centre: Centre) -> Found:
    if shop.trunk not in centre.trunks:
        hint = did_you_mean(shop.trunk, centre.trunks)
        yield ("shops", slug, "trunk"), f"there is no trunk {shop.trunk}", hint
    regimes = {**PRESETS, **centre.regimes}
    if shop.regime not in regimes:
        hint = did_you_mean(shop.regime, regimes)
        yield ("shops", slug, "regime"), f"there is no regime {shop.regime}", hint
    elif shop.orders and not shop.message_s and _wants_message(shop.regime, centre):
        said = (
            f"the regime {shop.regime} wants a message for customers without an agent"
        )
        yield ("shops", slug, "message_s"), said, "message_s = 5"
    teams = [t for t in centre.teams.values() if slug in t.shops and t.agents]
    if not (shop.calls or shop.orders):
        hint = did_you_mean(slug, set(centre.shops) - {slug})
        yield ("shops", slug), f"{slug} has neither calls nor orders", hint
    if not teams and (shop.calls or shop.orders):
        said = f"no team takes calls of {slug}"
        yield ("shops", slug), said, f'write shops = ["{slug}"] into a team'
        return
    for what, flow in (("calls", shop.calls), ("orders", shop.orders)):
        if flow is None:
            continue
        place = ("shops", slug, what)
        yield from _of_flow(place, flow, centre)
        for language in {shop.language, *flow.languages}:
            if not any(_speaks(team, language) for team in teams):
                least = DEFAULT_LEVELS.language
                said = f"nobody for {slug} speaks {language} at level {least}"
                hint = f'write skills = {{ "lang.{language}" = {least} }} into a team'
                yield place, said, hint
    if shop.orders and teams and all(team.phone == "ring" for team in teams):
        said = f"no phone for {slug} answers by itself, which order calls need"
        yield ("shops", slug, "orders"), said, 'phone = "auto_answer"'


def _of_flow(place: Place, flow: Flow, centre: Centre) -> Found:
    day = Day(centre.date, centre.zone)
    expected = sum(
        rate * (ends_at - begins_at) / 3600
        for begins_at, ends_at, rate in day.rates(flow)
    )
    if expected > MOST_ARRIVALS:
        said = f"{expected:,.0f} arrivals a day; at most {MOST_ARRIVALS:,}"
        yield (*place, "per_hour"), said, ""


def _wants_message(name: str, centre: Centre) -> bool:
    try:
        return regimes_of(centre)[name].message
    except BadRegime:
        return False


def _speaks(team: Team, language: str) -> bool:
    return team.skills.get(f"lang.{language}", 0) >= DEFAULT_LEVELS.language
