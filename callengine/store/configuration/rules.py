"""Routing rules in a configuration file: cut out, read, applied."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.ids import Instant
from callengine.core.rulebook.errors import BadRules
from callengine.core.rulebook.positions import locate
from callengine.core.rulebook.reading import TABLES, document_of, read_rulebook
from callengine.core.rulebook.world import World
from callengine.store import tables as t
from callengine.store.configuration.model import Plan
from callengine.store.configuration.problems import Problem
from callengine.store.directory import routing_text


def cut_out(text: str, data: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """
    Part a file into its rules and the rest.

    The rules keep their lines: what is not theirs is left blank. None for a file that
    names no rules at all, which then stay as they are.
    """
    rest = {key: value for key, value in data.items() if key not in TABLES}
    if len(rest) == len(data):
        return None, rest
    text = text.replace("\r\n", "\n")
    if not rest:
        return text, rest
    starts = sorted((at, path[0]) for path, at in locate(text).keys.items())
    ends = [at for at, _ in starts[1:]] + [len(text)]
    parts = ["" if not starts else _blank(text[: starts[0][0]])]
    for (start, table), end in zip(starts, ends, strict=True):
        part = text[start:end]
        parts.append(part if table in TABLES else _blank(part))
    return "".join(parts), rest


def _blank(text: str) -> str:
    return "\n" * text.count("\n")


def mistakes_in(rules: str, world: World) -> list[Problem]:
    """Explain every mistake of the rules, at its line and column."""
    try:
        read_rulebook(rules, world=world)
    except BadRules as bad:
        return [
            Problem(m.line, m.message, column=m.column, hint=m.hint)
            for m in bad.mistakes
        ]
    return []


def world_of(
    plan: Plan, *, shops: frozenset[str], skills: frozenset[str] | None
) -> World:
    """
    Say what rules may refer to.

    Args:
        shops: known beside those of the file.
        skills: known likewise; None when there is no roster yet.

    Without any agent every skill is taken for one that somebody will have.
    """
    slugs = shops | {shop.slug for shop in plan.shops}
    values: Mapping[str, frozenset[str]] = {"shop": slugs} if slugs else {}
    if not plan.agents and not skills:
        return World(values=values)
    named = {skill for agent in plan.agents for skill in agent.skills}
    named |= {f"shop.{slug}" for slug in slugs}
    named |= {f"product.{p.category}" for shop in plan.shops for p in shop.products}
    return World(skills=frozenset(named) | (skills or frozenset()), values=values)


async def apply_rules(
    connection: AsyncConnection, rules: str, at: Instant
) -> bool | None:
    """Put rules in force; None when there were none, else whether they differ."""
    now = await routing_text(connection)
    if now.version and document_of(now.text) == document_of(rules):
        return False
    row = {"version": now.version + 1, "text": rules, "applied_at": at}
    await connection.execute(insert(t.routing_rules).values(row))
    return True if now.version else None
