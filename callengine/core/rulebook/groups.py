"""Named groups, `[groups]`: expressions that others use as `@name`."""

from dataclasses import replace
from functools import partial
from typing import Any

from callengine.core.match.requirement import Expr
from callengine.core.rulebook.errors import BadExpression
from callengine.core.rulebook.fields import Fields
from callengine.core.rulebook.grammar import MAX_DEPTH, Known, parse


class Groups:
    """
    Groups by name, read when asked for, so that they may come in any order.

    Args:
        table: names and expressions, as they stand in the file.
        known: what skills there are.
    """

    def __init__(self, table: dict[str, Any], fields: Fields, known: Known) -> None:
        self._table = table
        self._fields = fields
        self._done: dict[str, Expr] = {}
        self._bad: set[str] = set()
        self._open: list[str] = []
        self.known = replace(known, group=self.get, groups=tuple(table))

    def read_all(self) -> None:
        """Read every group, so that each mistake is found even if nobody uses it."""
        for name in self._table:
            path = ("groups", name)
            if not isinstance(self._table[name], str):
                self._fields.expression_of(self._table[name], path, self.known)
                self._bad.add(name)
            elif name not in self._done and name not in self._bad:
                self._fields.attempt(partial(self.get, name), path)

    def get(self, name: str) -> Expr:
        """Return a group's expression. Raises `BadExpression`."""
        if name in self._done:
            return self._done[name]
        if name in self._open:
            loop = [*self._open[self._open.index(name) :], name]
            self._bad.update(loop)
            raise BadExpression(f"a group goes in circles: {' -> '.join(loop)}", 0)
        if len(self._open) >= MAX_DEPTH:
            self._bad.update(self._open)
            message = f"groups speak of groups more than {MAX_DEPTH} deep"
            raise BadExpression(message, 0)
        value = self._table[name]
        if name in self._bad or not isinstance(value, str):
            raise BadExpression(f'the group "{name}" is not right itself', 0)
        self._open.append(name)
        try:
            expr = self._done[name] = parse(value, self.known)
        except BadExpression:
            self._bad.add(name)
            raise
        finally:
            self._open.pop()
        return expr
