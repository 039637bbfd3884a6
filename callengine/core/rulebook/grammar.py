"""
The grammar of requirement expressions: `tech>=5 and (lang.uk>=3 or lang.ru>=5)`.

`not` binds tightest, then `and`, then `or`. A name alone means level 1 or above,
`@name` is a named group, and `{language}` within a name is filled in from the call.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from callengine.core.match.requirement import (
    TOP_LEVEL,
    Expr,
    Level,
    Not,
    both,
    either,
    parts_of,
)
from callengine.core.rulebook.errors import BadExpression, did_you_mean

_GRAMMAR = r"""
?start: either
either: all (_OR all)*
all: part (_AND part)*
?part: negated | "(" either ")" | test | group
negated: _NOT part
test: WORD (OP LEVEL)?
group: GROUP

_OR.3: /or(?![^\s()<>=!&|@])/i
_AND.3: /and(?![^\s()<>=!&|@])/i
_NOT.3: /not(?![^\s()<>=!&|@])/i
OP: ">=" | "<=" | "!=" | ">" | "<" | "="
LEVEL.2: /[0-9]+(?![^\s()<>=!&|@])/
GROUP: /@[^\s()<>=!&|@]*/
WORD: /[^\s()<>=!&|@0-9][^\s()<>=!&|@]*/
%ignore /[ \t\r\n]+/
"""

MAX_LENGTH = 2_000
MAX_DEPTH = 32
"""Brackets and `not` within each other; with groups, groups within each other."""
MAX_COMPARISONS = 2_000
"""In an expression with all its groups written out."""

UNKNOWN_SKILL = "give it to an agent first; no product asks for it either"

PLACEHOLDERS = ("shop", "language", "region", "choice", "segment", "promo")

_NAME = re.compile(r"(?:[a-z{][a-z0-9_{}-]*)(?:\.[a-z0-9_{}-]+)*")
_HOLE = re.compile(r"\{([^{}]*)\}")
_PARSER = Lark(_GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True)

_INSTEAD = {"&": "and", "|": "or", "!": "not"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    What expressions may speak of.

    Attributes:
        skills: names there are; None when any well-formed name will do.
        group: gives a group's expression. Raises `BadExpression` at offset 0.
        groups: names of groups, for suggestions.
    """

    skills: frozenset[str] | None = None
    group: Callable[[str], Expr] | None = None
    groups: tuple[str, ...] = ()


ANY = Known()


def parse(text: str, known: Known = ANY) -> Expr:
    """Read an expression. Raises `BadExpression`."""
    _check_shape(text)
    try:
        tree = _PARSER.parse(text)
    except UnexpectedToken as error:
        raise _unexpected(text, error.token, _expected(error)) from None
    except UnexpectedCharacters as error:
        raise _bad_character(text, error.pos_in_stream or 0) from None
    expr = _build(tree, known)
    _check_size(expr)
    return expr


def _expected(error: UnexpectedToken) -> frozenset[str]:
    return frozenset(error.accepts or error.expected or ())


def _check_shape(text: str) -> None:
    """Refuse what is empty, too long, too deep, or has brackets without partner."""
    if not text.strip():
        hint = "write for example lang.ru>=5"
        raise BadExpression("an expression is missing", 0, hint)
    if len(text) > MAX_LENGTH:
        message = f"an expression has at most {MAX_LENGTH} characters"
        raise BadExpression(f"{message}, not {len(text)}", 0, "split it into groups")
    opened: list[int] = []
    for offset, character in enumerate(text):
        if character == "(":
            opened.append(offset)
            if len(opened) > MAX_DEPTH:
                message = f"brackets are nested more than {MAX_DEPTH} deep"
                raise BadExpression(message, offset, "name a part in [groups]")
        elif character == ")":
            if not opened:
                raise BadExpression("this bracket closes nothing", offset)
            opened.pop()
    if opened:
        raise BadExpression("this bracket is never closed", opened[-1])


def _unexpected(text: str, token: Token, expected: Iterable[str]) -> BadExpression:
    """Explain a token in the wrong place by what could have stood there."""
    wanted = set(expected)
    if token.type == "$END":
        return _too_early(text, wanted)
    offset = token.start_pos or 0
    word = str(token)
    if wanted == {"LEVEL"}:
        return _no_level(text, token, offset, word)
    if token.type == "LEVEL" and "WORD" in wanted:
        hint = "write the skill first, as in tech>=5"
        return BadExpression(f'"{word}" stands where a skill should', offset, hint)
    if token.type == "OP" and "WORD" in wanted:
        return BadExpression(f'there is no skill before "{word}"', offset)
    if token.type == "OP":
        message = f'"{word}" compares a second time'
        return BadExpression(message, offset, 'join two comparisons with "and"')
    if "WORD" in wanted:
        message = f'"{word}" stands where a skill or a bracket should'
        return BadExpression(message, offset)
    if token.type == "LEVEL":
        hint = f"write the comparison too, as in >={word}"
        return BadExpression(f'"{word}" compares with nothing', offset, hint)
    hint = f'write "and" or "or" before {word}'
    return BadExpression(f'nothing joins "{word}" to what is before', offset, hint)


def _too_early(text: str, wanted: set[str]) -> BadExpression:
    end = len(text.rstrip())
    if wanted == {"LEVEL"}:
        message = f"a level from 1 to {TOP_LEVEL} is missing at the end"
        return BadExpression(message, end)
    return BadExpression("a skill is missing at the end", end)


def _no_level(text: str, token: Token, offset: int, word: str) -> BadExpression:
    if token.type == "OP":
        before = text[:offset].rstrip()[-1:]
        written = before + word
        better = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "!==": "!="}
        hint = f'write "{better[written]}"' if written in better else ""
        return BadExpression(f'"{written}" is no comparison', offset - 1, hint)
    if token.type == "WORD" and re.match(r"[-+.,]?\d|\d", word):
        message = f'a level is a whole number from 1 to {TOP_LEVEL}, not "{word}"'
        return BadExpression(message, offset)
    if token.type == "WORD":
        message = f'a skill is compared with a number, not with "{word}"'
        hint = f"levels go from 1 to {TOP_LEVEL}; a skill that is not held is 0"
        return BadExpression(message, offset, hint)
    return BadExpression(f'a level is missing before "{word}"', offset)


def _bad_character(text: str, offset: int) -> BadExpression:
    run = re.match(r"[&|!=]+|\d+[^\s()<>=!&|@]*|.", text[offset:], re.DOTALL)
    found = run.group() if run else text[offset]
    if found[0].isdigit():
        message = f'a level is a whole number from 1 to {TOP_LEVEL}, not "{found}"'
        return BadExpression(message, offset)
    instead = _INSTEAD.get(found[0])
    hint = f'write "{instead}"' if instead else ""
    return BadExpression(f'"{found}" means nothing here', offset, hint)


def _check_size(expr: Expr) -> None:
    """Refuse what only groups of groups can make: too deep, or doubled too often."""
    depth, comparisons = _measured(expr, {})
    if depth > 2 * MAX_DEPTH or comparisons > MAX_COMPARISONS:
        message = "with its groups written out this is too long"
        raise BadExpression(message, 0, "let groups speak of skills, not of groups")


def _measured(expr: Expr, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return depth and comparisons; a part that is shared is looked at once."""
    if id(expr) not in known:
        below = [_measured(part, known) for part in parts_of(expr)]
        deepest = max((depth for depth, _ in below), default=0)
        count = sum(comparisons for _, comparisons in below)
        known[id(expr)] = (deepest + 1, count if below else 1)
    return known[id(expr)]


def _build(tree: Tree[Token], known: Known, depth: int = 0) -> Expr:
    if depth > MAX_DEPTH:
        message = f'brackets and "not" are nested more than {MAX_DEPTH} deep'
        raise BadExpression(message, tree.meta.start_pos, "name a part in [groups]")
    match tree.data:
        case "either":
            parts = (_build(child, known, depth + 1) for child in _trees(tree))
            return either(*parts)
        case "all":
            return both(*(_build(child, known, depth) for child in _trees(tree)))
        case "negated":
            return Not(_build(_trees(tree)[0], known, depth + 1))
        case "group":
            return _group(_tokens(tree)[0], known)
        case _:
            return _level(_tokens(tree), known)


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _tokens(tree: Tree[Token]) -> list[Token]:
    return [child for child in tree.children if isinstance(child, Token)]


def _group(token: Token, known: Known) -> Expr:
    name, offset = str(token)[1:], token.start_pos or 0
    if known.group is None or name not in known.groups:
        hint = did_you_mean(name, known.groups)
        raise BadExpression(f'no group is called "{name}"', offset, hint)
    try:
        return known.group(name)
    except BadExpression as error:
        raise BadExpression(error.message, offset, error.hint) from None


def _level(tokens: list[Token], known: Known) -> Expr:
    word = tokens[0]
    _check_name(str(word), word.start_pos or 0, known)
    if len(tokens) == 1:
        return Level(str(word), ">=", 1)
    op, number = str(tokens[1]), tokens[2]
    offset = number.start_pos or 0
    level = int(number) if len(number) < 6 else 99_999
    if level > TOP_LEVEL:
        shown = f"{str(number)[:9]}..." if len(number) > 9 else str(number)
        message = f"a level is 1 to {TOP_LEVEL}, not {shown}"
        raise BadExpression(message, offset)
    if (op, level) in ((">=", 0), ("<=", TOP_LEVEL)):
        message = f"{op}{level} holds for everybody"
        raise BadExpression(message, offset, f"levels go from 1 to {TOP_LEVEL}")
    if (op, level) in (("<", 0), (">", TOP_LEVEL)):
        message = f"{op}{level} holds for nobody"
        raise BadExpression(message, offset, f"levels go from 1 to {TOP_LEVEL}")
    return Level(str(word), op, level)


def _check_name(name: str, offset: int, known: Known) -> None:
    lower = name.lower()
    if name != lower and _NAME.fullmatch(lower):
        message = f'skill names are in lower case, not "{name}"'
        raise BadExpression(message, offset, f'write "{lower}"')
    for hole in _HOLE.findall(name):
        if hole not in PLACEHOLDERS:
            known_holes = ", ".join(f"{{{p}}}" for p in PLACEHOLDERS)
            near = did_you_mean(hole, PLACEHOLDERS)
            hint = near or f"there are {known_holes}"
            raise BadExpression(f"nothing is called {{{hole}}}", offset, hint)
    plain = _HOLE.sub("x", name)
    if len(name) > 80 or "{" in plain or "}" in plain or not _NAME.fullmatch(plain):
        hint = "names are lower-case letters, digits, - and _, joined by dots"
        raise BadExpression(f'"{name[:40]}" is no skill name', offset, hint)
    if known.skills is None or plain != name:
        return
    if name not in known.skills:
        hint = did_you_mean(name, known.skills) or UNKNOWN_SKILL
        raise BadExpression(f'no skill is called "{name}"', offset, hint)


def fill(name: str, values: dict[str, str]) -> str | None:
    """
    Fill the holes of a skill name from the call.

    Returns None when a value is missing or cannot be part of a name.
    """
    missing = False

    def value(hole: re.Match[str]) -> str:
        nonlocal missing
        found = values.get(hole.group(1), "").lower()
        if not re.fullmatch(r"[a-z0-9_-]{1,40}", found):
            missing = True
        return found

    filled = _HOLE.sub(value, name)
    return None if missing else filled
