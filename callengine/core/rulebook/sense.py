"""Expressions that parse and make no sense: nobody or everybody could meet them."""

from itertools import product

from callengine.core.match.requirement import TOP_LEVEL, Expr, levels_of, skills_of

_MOST_CASES = 5_000


def contradiction(expr: Expr) -> str:
    """
    Say why an expression can never or must always hold, '' if it may do both.

    Tries every combination of levels that could make a difference; an expression with
    too many of them is given the benefit of the doubt.
    """
    skills = skills_of(expr)
    turns = {skill: {0} for skill in skills}
    for level in levels_of(expr):
        near = (level.level - 1, level.level, level.level + 1)
        turns[level.skill] |= {n for n in near if 0 <= n <= TOP_LEVEL}
    cases = 1
    for levels in turns.values():
        cases *= len(levels)
    if not skills or cases > _MOST_CASES:
        return ""
    found = {
        expr.met_by(dict(zip(skills, levels, strict=True)))
        for levels in product(*turns.values())
    }
    if found == {False}:
        return f'no agent can ever meet "{expr}"'
    if found == {True}:
        return f'every agent meets "{expr}"'
    return ""
