"""Decisions in words: whom a call went to, by which rule, and who else there was."""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from callengine.boot.why.parts import Grid, Part, clock, counted, lasted, listed
from callengine.core.records import DecisionRecord

_WAYS = {
    "preferred": "preferred for this customer",
    "on_skill": "meets everything the call asked for",
    "relaxed": "meets what was still asked for after waiting",
    "spare": "lacks some of it, and could be spared by their own callers",
}


def decision_part(decision: DecisionRecord, zone: ZoneInfo) -> Part:
    """Tell one decision."""
    at = clock(decision.at, zone)
    if decision.kind == "routing" and "ladder" in decision.detail:
        part = Part(f"{at}  offered to", decision.chosen)
        _tell_routing(part, decision, decision.detail)
        return part
    part = Part(f"{at}  {decision.kind}:", decision.chosen)
    part.say("because", decision.reason)
    for name, value in decision.detail.items():
        part.say(name.replace("_", " "), _text(value))
    return part


def _tell_routing(
    part: Part, decision: DecisionRecord, told: Mapping[str, Any]
) -> None:
    part.say("because", decision.reason)
    part.say("by", _WAYS.get(told["way"], told["way"]))
    margin = told.get("margin")
    if margin is not None:
        part.say("to spare", f"{margin:.1f} agents beyond what their callers need")
    waited, credit = told["waited_s"], told["credit_s"]
    rank = f"waited {lasted(waited)}"
    if credit:
        rank += f" + credit {lasted(credit)} = score {lasted(told['score_s'])}"
    part.say("rank", rank)
    part.say(
        "choice",
        f"{counted(told['able_free'], 'able agent')} of"
        f" {told['free']} free; {counted(told['waiting'], 'caller')} waiting",
    )
    part.say("rules", _rules(told))
    bought = (f"{name} {points:.1f}" for name, points in told.get("points", ()))
    part.say("buys", listed(tuple(bought)))
    part.show("asked for, step by step", _ladder(told))
    part.show("candidates, best first", _candidates(told, decision.chosen))
    part.show("callers who could have had this agent", _rivals(told))
    excluded = told.get("excluded", ())
    part.say("not asked", listed(tuple(f"{who} ({why})" for who, why in excluded)))


def _rules(told: Mapping[str, Any]) -> str:
    names = told.get("rules", ())
    if not names:
        return "none hold; the requirement comes from shop, language and history"
    version = told.get("rules_version")
    return listed(names) + (f"  (version {version})" if version else "")


def _ladder(told: Mapping[str, Any]) -> Grid:
    grid = Grid(("from", "an agent needs", "given up", "open to"))
    for step in told["ladder"]:
        spare = step["spare"]
        grid.rows.append(
            (
                lasted(step["after_s"]) if step["after_s"] else "start",
                step["needs"],
                step["why"] or "-",
                "all" if spare is None else f"agents to spare (factor {spare:g})",
            )
        )
    grid.marked = told["step"] if told["step"] < len(grid.rows) else None
    return grid


def _candidates(told: Mapping[str, Any], chosen: str) -> Grid:
    grid = Grid(("agent", "level band", "idle for"))
    for place, candidate in enumerate(told.get("candidates", ())):
        band = "best" if candidate["band"] == 0 else str(candidate["band"] + 1)
        grid.rows.append((candidate["agent"], band, lasted(candidate["idle_s"])))
        if candidate["agent"] == chosen:
            grid.marked = place
    return grid


def _rivals(told: Mapping[str, Any]) -> Grid:
    grid = Grid(("call", "waited", "credit", "on skill"))
    for rival in told.get("rivals", ()):
        grid.rows.append(
            (
                rival["call"],
                lasted(rival["waited_s"]),
                lasted(rival["credit_s"]),
                "yes" if rival["on_skill"] else "no",
            )
        )
    return grid


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
