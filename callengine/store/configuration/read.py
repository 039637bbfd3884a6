"""Reading a configuration file, and explaining what is wrong with it, by line."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.rulebook.reading import TABLES
from callengine.core.rulebook.world import ANYTHING
from callengine.store.configuration import regimes, rules
from callengine.store.configuration.held import HeldPlan
from callengine.store.configuration.locate import line_of
from callengine.store.configuration.model import (
    AgentPlan,
    Plan,
    ProductPlan,
    QueuePlan,
    ReceiversPlan,
    RemovedPlan,
    RulesPlan,
    ShopPlan,
    guess,
)
from callengine.store.configuration.problems import (
    BadConfiguration as BadConfiguration,
)
from callengine.store.configuration.problems import Problem as Problem

MAX_BYTES = 5_000_000
MAX_PROBLEMS = 100

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_TABLES: Mapping[str, type[BaseModel]] = {
    "": Plan,
    "shops": ShopPlan,
    "agents": AgentPlan,
    "products": ProductPlan,
    "receivers": ReceiversPlan,
    "queue": QueuePlan,
    "removed": RemovedPlan,
}


def read_plan(
    file: Path,
    *,
    known_shops: frozenset[str] = frozenset(),
    known_regimes: Mapping[str, Regime] = PRESETS,
    known_skills: frozenset[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Plan:
    """
    Read a file. `${NAME}` and `${NAME:-DEFAULT}` in texts come from the environment.

    Args:
        known_shops: shops that agents may name though the file does not.
        known_regimes: regimes that shops may name likewise.
        known_skills: skills that rules may name though nobody in the file has them;
            None when there is no roster yet.

    Raises:
        BadConfiguration: with every problem found.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise BadConfiguration([Problem(0, f"{file}: {reason}")]) from None
    return parse_plan(
        raw,
        known_shops=known_shops,
        known_regimes=known_regimes,
        known_skills=known_skills,
        environ=os.environ if environ is None else environ,
    )


def parse_plan(
    raw: bytes,
    *,
    known_shops: frozenset[str],
    known_regimes: Mapping[str, Regime],
    known_skills: frozenset[str] | None,
    environ: Mapping[str, str],
) -> Plan:
    """Read a file's bytes; see `read_plan`."""
    text = _text(raw)
    try:
        data = tomllib.loads(text)
        rule_text, data = rules.cut_out(text, data)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration([_syntax(str(error))]) from None
    except RecursionError:
        raise BadConfiguration([Problem(0, "the tables are nested too deep")]) from None
    problems: list[Problem] = []
    data = _substituted(data, text, (), environ, problems)
    problems += regimes.mistakes_in(data, text)
    try:
        plan = Plan.model_validate(data)
    except ValidationError as error:
        problems += [_explained(detail, text, data) for detail in error.errors()]
        problems += rules.mistakes_in(rule_text or "", ANYTHING)
    else:
        problems += _contradictions(plan, text, known_shops)
        if not problems:
            problems += regimes.contradictions(plan, text, known_regimes)
        if rule_text is not None:
            world = rules.world_of(plan, shops=known_shops, skills=known_skills)
            problems += rules.mistakes_in(rule_text, world)
            plan = plan.model_copy(update={"rules": RulesPlan(text=rule_text)})
        if not problems:
            return plan
    raise BadConfiguration(sorted(set(problems))[:MAX_PROBLEMS])


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise BadConfiguration([Problem(0, f"larger than {MAX_BYTES} bytes")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BadConfiguration(
            [Problem(line, "the file is not UTF-8; save it in that encoding")]
        ) from None


def _syntax(message: str) -> Problem:
    """Move tomllib's position to the front."""
    at = re.search(r" \(at line (\d+), column (\d+)\)", message)
    if at is None:
        return Problem(0, f"no valid TOML: {message}")
    return Problem(
        int(at[1]), f"no valid TOML: {message[: at.start()]} (column {at[2]})"
    )


def _substituted(
    value: Any,
    text: str,
    path: tuple[str | int, ...],
    environ: Mapping[str, str],
    problems: list[Problem],
) -> Any:
    """Fill in `${NAME}`; what is not set is a problem."""
    if isinstance(value, dict):
        return {
            key: _substituted(inner, text, (*path, key), environ, problems)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [
            _substituted(inner, text, (*path, index), environ, problems)
            for index, inner in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        filled = environ.get(match[1], match[2])
        if filled is None:
            problems.append(
                Problem(
                    line_of(text, path),
                    f"the environment has no {match[1]}; set it, or write"
                    f" ${{{match[1]}:-DEFAULT}}",
                )
            )
            return ""
        return filled

    return _VARIABLE.sub(fill, value)


def _explained(detail: ErrorDetails, text: str, data: Any) -> Problem:
    """Say where and what, in the words of the file."""
    path = _without_level(detail["loc"], data)
    kind, message = detail["type"], detail["msg"]
    name = _spoken(path, data)
    if kind == "extra_forbidden":
        model = _model_at(path[:-1])
        known = {*model.model_fields, *(() if path[1:] else TABLES)} if model else ()
        hint = guess(str(path[-1]), known)
        message = f"there is no such key{hint}"
    elif kind == "missing":
        message = "this key is missing"
    elif kind == "value_error":
        message = message.removeprefix("Value error, ")
    else:
        message = f"{message[:1].lower()}{message[1:]}"
        if not any("secret" in str(part) for part in path):
            message += f", not {detail['input']!r:.60}"
    return Problem(line_of(text, path), f"{name}: {message}")


def _without_level(path: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """Call a skill whose level is just a number by its name alone."""
    if path[-1:] != ("level",):
        return path
    for part in path[:-1]:
        data = data[part]
    return path if isinstance(data, dict) else path[:-1]


def _model_at(path: tuple[str | int, ...]) -> type[BaseModel] | None:
    names = [part for part in path if isinstance(part, str)]
    if len(names) == 3 and names[0] == "agents":
        return HeldPlan
    return _TABLES.get(names[-1] if names else "")


def _spoken(path: tuple[str | int, ...], data: Any) -> str:
    """Name a place by slugs and logins instead of indexes."""
    words: list[str] = []
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(part, int) and isinstance(data, dict):
            own = next((data[k] for k in ("slug", "login", "sku") if k in data), None)
            words.append(str(own) if own is not None else str(part + 1))
        elif part != "[key]":
            words.append(str(part + 1) if isinstance(part, int) else part)
    return ".".join(words) or "the file"


def _contradictions(
    plan: Plan, text: str, known_shops: frozenset[str]
) -> Iterator[Problem]:
    """What no single table can see."""
    yield from _twice([s.slug for s in plan.shops], "shops", "slug", text)
    yield from _twice([a.login for a in plan.agents], "agents", "login", text)
    yield from _twice([s.queue_name for s in plan.shops], "shops", "queue", text)
    owners: dict[str, str] = {}
    for index, shop in enumerate(plan.shops):
        line = line_of(text, ("shops", index, "numbers"))
        for number in shop.numbers:
            if number in owners:
                yield Problem(
                    line, f"number {number} is of shop {owners[number]} already"
                )
            owners.setdefault(number, shop.slug)
        skus = [product.sku for product in shop.products]
        for position, sku in enumerate(skus):
            if sku in skus[:position]:
                at = line_of(text, ("shops", index, "products", position, "sku"))
                yield Problem(at, f"product {sku} is there already")
    shops = {shop.slug for shop in plan.shops} | known_shops
    for index, agent in enumerate(plan.agents):
        line = line_of(text, ("agents", index, "shops"))
        for shop_name in sorted(set(agent.shops) - shops):
            yield Problem(
                line, f"there is no shop {shop_name}{guess(shop_name, shops)}"
            )
        if agent.login in plan.removed.agents:
            yield Problem(line, f"agent {agent.login} is also in removed.agents")


def _twice(names: list[str], table: str, key: str, text: str) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            line = line_of(text, (table, index, key))
            yield Problem(line, f"{table}: {name} is there already")
