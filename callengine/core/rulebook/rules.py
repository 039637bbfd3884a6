"""Reading of single rules and of what gives way."""

import re
from typing import Any

from callengine.core.match.relaxation import (
    MAX_AFTER_S,
    MAX_STEPS,
    Drop,
    Lower,
    Relax,
    Widen,
)
from callengine.core.match.requirement import ANYBODY, Expr, skills_of
from callengine.core.rulebook.book import TEXT_CONDITIONS, Rule, When
from callengine.core.rulebook.errors import did_you_mean, quoted
from callengine.core.rulebook.fields import MAX_ITEMS, Fields
from callengine.core.rulebook.grammar import UNKNOWN_SKILL, Known
from callengine.core.rulebook.positions import Path
from callengine.core.rulebook.sense import contradiction
from callengine.core.rulebook.world import Condition, World, name_of, patterns_of

_PEOPLE = ("responsible", "last_agent")
_ACTIONS = ("lower", "drop", "widen")
_RULE_KEYS = (
    "name",
    "when",
    "hard",
    "soft",
    "relax",
    "credit_s",
    "prefer",
    "prefer_s",
    "history",
    "stop",
)


class RuleReader:
    """
    Reads rules; mistakes end up in `fields`.

    Args:
        promos: names of the promos there are.
        prefer_s: of rules that do not say.
    """

    def __init__(
        self,
        fields: Fields,
        world: World,
        known: Known,
        *,
        promos: frozenset[str],
        prefer_s: float = 10.0,
    ) -> None:
        self.fields = fields
        self.world = world
        self.known = known
        self.promos = promos
        self.prefer_s = prefer_s

    def rule(self, table: dict[str, Any], number: int) -> Rule:
        """Read the rule with a number."""
        fields, path = self.fields, ("rules", number)
        fields.only(table, _RULE_KEYS, path)
        hard = fields.expression(table, "hard", path, self.known)
        self._sensible(hard, (*path, "hard"))
        line, _ = fields.positions.line_column(fields.positions.of_key(path))
        return Rule(
            name=name_of(fields, table, path),
            line=line,
            when=self._when(fields.table(table, "when", path), (*path, "when")),
            hard=ANYBODY if hard is None else hard,
            soft=self._soft(table, path, hard),
            relaxes=self.relaxes(table, path),
            credit_s=fields.number(
                table, "credit_s", path, default=0.0, least=0.0, most=3_600.0
            ),
            prefer=self._prefer(table, path),
            prefer_s=fields.number(
                table, "prefer_s", path, default=self.prefer_s, least=0.0, most=600.0
            ),
            history=fields.flag(table, "history", path),
            stop=fields.flag(table, "stop", path),
        )

    def _prefer(self, table: dict[str, Any], path: Path) -> tuple[str, ...]:
        people = self.fields.texts(table, "prefer", path)
        for place, who in enumerate(people):
            if who in _PEOPLE:
                continue
            hint = did_you_mean(who, _PEOPLE)
            where: Path = (*path, "prefer")
            if isinstance(table["prefer"], list):
                where = (*where, place)
            self.fields.wrong(f'nobody is called "{who}" here', where, hint)
        return tuple(who for who in people if who in _PEOPLE)

    def _soft(
        self, table: dict[str, Any], path: Path, hard: Expr | None
    ) -> tuple[Expr, ...]:
        value = table.get("soft", [])
        here: Path = (*path, "soft")
        items: list[tuple[Any, Path]] = []
        if isinstance(value, str):
            items = [(value, here)]
        elif isinstance(value, list) and len(value) <= MAX_ITEMS:
            items = [(item, (*here, place)) for place, item in enumerate(value)]
        else:
            self.fields.wrong('"soft" is an expression or a list of them', here)
        never = set() if hard is None else set(skills_of(hard))
        found = []
        for item, where in items:
            expr = self.fields.expression_of(item, where, self.known)
            if expr is None:
                continue
            found.append(expr)
            self._sensible(expr, where)
            for skill in set(skills_of(expr)) & never:
                message = f'"{skill}" is hard in this rule already'
                self.fields.wrong(message, where, "ask for it in one place")
        return tuple(found)

    def _sensible(self, expr: Expr | None, path: Path) -> None:
        problem = "" if expr is None else contradiction(expr)
        if problem:
            self.fields.wrong(problem, path)

    def _when(self, table: dict[str, Any], path: Path) -> When:
        fields = self.fields
        fields.only(table, (*TEXT_CONDITIONS, "promo", "open_order"), path)
        found = {
            key: patterns_of(
                fields, table, path, Condition(key, key, self.world.there(key))
            )
            for key in TEXT_CONDITIONS
        }
        promo = Condition("promo", "promo", self.promos)
        open_order = fields.flag(table, "open_order", path)
        return When(
            **found,
            promo=patterns_of(fields, table, path, promo),
            open_order=open_order if "open_order" in table else None,
        )

    # --- what gives way ----------------------------------------------------------

    def relaxes(self, table: dict[str, Any], path: Path) -> tuple[Relax, ...] | None:
        """Read the steps of a table, None when it has none."""
        if "relax" not in table:
            return None
        items = self.fields.tables(table, "relax", path)
        if len(items) >= MAX_STEPS:
            message = f"there are at most {MAX_STEPS - 1} steps, not {len(items)}"
            self.fields.wrong(message, (*path, "relax"))
            return None
        found = (
            self._relax(item, (*path, "relax", place))
            for place, item in enumerate(items)
        )
        return tuple(relax for relax in found if relax is not None)

    def _relax(self, table: dict[str, Any], path: Path) -> Relax | None:
        fields = self.fields
        fields.only(table, ("after_s", "spare", "by", *_ACTIONS), path)
        if "after_s" not in table:
            fields.wrong_key('"after_s" is missing', path)
        after_s = fields.number(
            table, "after_s", path, default=0.0, least=0.0, most=MAX_AFTER_S
        )
        spare = fields.number(
            table, "spare", path, default=0.0, least=0.0, most=1_000.0
        )
        given = [key for key in _ACTIONS if key in table]
        if len(given) != 1:
            what = "nothing is given up" if not given else "too much is given up"
            hint = f"write one of {quoted(_ACTIONS)}"
            fields.wrong_key(f"{what} in this step", path, hint)
            return None
        if "by" in table and given != ["lower"]:
            fields.wrong('"by" belongs to "lower"', (*path, "by"))
        action = self._action(given[0], table, path)
        if action is None:
            return None
        early = float(spare) if "spare" in table else None
        return Relax(after_s=float(after_s), give_up=action, spare=early)

    def _action(
        self, key: str, table: dict[str, Any], path: Path
    ) -> Lower | Drop | Widen | None:
        fields = self.fields
        if key == "widen":
            expr = fields.expression(table, "widen", path, self.known)
            return None if expr is None else Widen(expr)
        skill = fields.text(table, key, path)
        if not re.fullmatch(r"[a-z0-9_.*-]{1,80}", skill):
            if isinstance(table[key], str):
                message = f'"{skill[:40]}" is no skill name'
                fields.wrong(message, (*path, key), "write for example product.*")
            return None
        skills = self.world.skills
        if "*" not in skill and skills is not None and skill not in skills:
            hint = did_you_mean(skill, skills) or UNKNOWN_SKILL
            fields.wrong(f'no skill is called "{skill}"', (*path, key), hint)
        if key == "drop":
            return Drop(skill)
        by = fields.number(table, "by", path, default=1, least=1, most=9, whole=True)
        return Lower(skill, int(by))
