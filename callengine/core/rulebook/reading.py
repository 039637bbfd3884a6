"""From text to `Rulebook`: everything is checked, every mistake is told at once."""

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from callengine.core.match.relaxation import standard_relaxes
from callengine.core.rulebook.book import History, Promo, Rulebook
from callengine.core.rulebook.errors import BadRules, Mistake
from callengine.core.rulebook.fields import Fields
from callengine.core.rulebook.grammar import Known
from callengine.core.rulebook.groups import Groups
from callengine.core.rulebook.policy import PolicyReader
from callengine.core.rulebook.positions import Path, Positions, locate
from callengine.core.rulebook.rules import RuleReader
from callengine.core.rulebook.world import (
    ANYTHING,
    Condition,
    World,
    name_of,
    patterns_of,
)

MAX_CHARACTERS = 1_000_000
MAX_RULES = 2_000
TABLES = ("groups", "promos", "history", "defaults", "rules", "routing")
"""What a rule file consists of."""

_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_SKILL = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")


def read_rulebook(
    text: str, *, name: str = "rules.toml", world: World = ANYTHING
) -> Rulebook:
    """
    Read a rule file.

    Args:
        name: of the file, for the messages.
        world: what it may refer to.

    Raises:
        BadRules: with every mistake found.
    """
    text = text.replace("\r\n", "\n")
    document = document_of(text, name)
    fields = Fields(_positions(text, name))
    book = _Reader(document, fields, world).book()
    if fields.mistakes:
        raise BadRules(name, text, fields.mistakes)
    return book


def document_of(text: str, name: str = "rules.toml") -> dict[str, Any]:
    """Read a text as TOML; two that mean the same are equal. Raises `BadRules`."""
    if len(text) > MAX_CHARACTERS:
        most = f"{MAX_CHARACTERS} characters"
        message = f"a rule file has at most {most}, not {len(text)}"
        raise BadRules(name, "", [Mistake(message=message, line=1, column=1)])
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _too_deep(name, text) from None
    except ValueError as error:
        raise BadRules(name, text, [_syntax(str(error), text)]) from None


def _positions(text: str, name: str) -> Positions:
    try:
        return locate(text)
    except RecursionError:
        raise _too_deep(name, text) from None


def _too_deep(name: str, text: str) -> BadRules:
    mistake = Mistake(message="lists are nested too deep", line=1, column=1)
    return BadRules(name, text, [mistake])


def _syntax(message: str, text: str) -> Mistake:
    """Turn the message of `tomllib` into a mistake with its place."""
    place = _AT.search(message)
    words = _AT.sub("", message)
    lines = text.splitlines() or [""]
    if place is None or place.group(1) is None:
        line, column = len(lines), len(lines[-1]) + 1
    else:
        line, column = int(place.group(1)), int(place.group(2))
    said = f"this is not TOML: {words[:1].lower()}{words[1:]}"
    return Mistake(message=said, line=line, column=column)


class _Reader:
    """Reads one document; mistakes end up in `fields`."""

    def __init__(self, document: dict[str, Any], fields: Fields, world: World) -> None:
        self.document = document
        self.fields = fields
        self.world = world

    def book(self) -> Rulebook:
        """Read all of it."""
        fields, document = self.fields, self.document
        fields.only(document, TABLES, ())
        routing = fields.table(document, "routing", ())
        fields.only(routing, ("policy",), ("routing",))
        policy = PolicyReader(fields).policy(
            fields.table(routing, "policy", ("routing",)), ("routing", "policy")
        )
        table = fields.table(document, "groups", ())
        groups = Groups(table, fields, Known(skills=self.world.skills))
        groups.read_all()
        promos = tuple(self._promos())
        names = frozenset(promo.name for promo in promos)
        reader = RuleReader(
            fields, self.world, groups.known, promos=names, prefer_s=policy.prefer_s
        )
        defaults = fields.table(document, "defaults", ())
        fields.only(defaults, ("relax",), ("defaults",))
        relaxes = reader.relaxes(defaults, ("defaults",))
        tables = fields.tables(document, "rules", ())
        if len(tables) > MAX_RULES:
            fields.wrong_key(f"there are more than {MAX_RULES} rules", ("rules",))
            tables = []
        rules = tuple(reader.rule(rule, n) for n, rule in enumerate(tables))
        self._unique((rule.name for rule in rules), "rules")
        return Rulebook(
            rules=rules,
            promos=promos,
            history=self._history(fields.table(document, "history", ())),
            relaxes=standard_relaxes() if relaxes is None else relaxes,
            policy=policy,
        )

    def _unique(self, names: Iterable[str], key: str) -> None:
        seen: set[str] = set()
        for number, name in enumerate(names):
            if name and name in seen:
                path: Path = (key, number, "name")
                self.fields.wrong(f'another one is called "{name}" already', path)
            seen.add(name)

    def _promos(self) -> Iterable[Promo]:
        fields = self.fields
        found = []
        tables = fields.tables(self.document, "promos", ())
        for number, table in enumerate(tables):
            path = ("promos", number)
            fields.only(table, ("name", "starts", "ends", "regions", "shops"), path)
            starts = fields.instant(table, "starts", path)
            ends = fields.instant(table, "ends", path)
            if starts is not None and ends is not None and ends <= starts:
                fields.wrong("a promo ends after it starts", (*path, "ends"))
            region = Condition("regions", "region", self.world.there("region"))
            shop = Condition("shops", "shop", self.world.there("shop"))
            promo = Promo(
                name=name_of(fields, table, path),
                starts=starts or 0.0,
                ends=ends or 0.0,
                regions=patterns_of(fields, table, path, region),
                shops=patterns_of(fields, table, path, shop),
            )
            found.append(promo)
        self._unique((promo.name for promo in found), "promos")
        return found

    def _history(self, table: dict[str, Any]) -> History:
        fields, path, usual = self.fields, ("history",), History()
        fields.only(table, (*_AMOUNTS, *_LEVELS, "weights", "skill"), path)
        amounts = {
            key: fields.number(
                table, key, path, default=getattr(usual, key), least=least, most=most
            )
            for key, (least, most) in _AMOUNTS.items()
        }
        least_level, most_level = self._history_levels(table, path, usual)
        weights = fields.table(table, "weights", path)
        read = {
            key: fields.number(
                weights, key, (*path, "weights"), default=1.0, least=0.0, most=100.0
            )
            for key in weights
        }
        skill = fields.text(table, "skill", path) if "skill" in table else usual.skill
        if not _SKILL.fullmatch(skill):
            fields.wrong(f'"{skill}" is no skill name', (*path, "skill"))
        return History(
            half_life_days=amounts["half_life_days"],
            other=amounts["other"],
            from_points=amounts["from_points"],
            points_per_level=amounts["points_per_level"],
            least_level=least_level,
            most_level=most_level,
            weights=read,
            skill=skill,
        )

    def _history_levels(
        self, table: dict[str, Any], path: Path, usual: History
    ) -> tuple[int, int]:
        fields = self.fields
        least, most = (
            fields.number(
                table,
                key,
                path,
                default=getattr(usual, key),
                least=1,
                most=10,
                whole=True,
            )
            for key in _LEVELS
        )
        if most < least:
            where = "most_level" if "most_level" in table else "least_level"
            fields.wrong("most_level is below least_level", (*path, where))
        return int(least), int(most)


_AMOUNTS = {
    "half_life_days": (0.1, 3_650.0),
    "other": (0.0, 100.0),
    "from_points": (0.001, 1_000.0),
    "points_per_level": (0.01, 1_000.0),
}
_LEVELS = ("least_level", "most_level")
