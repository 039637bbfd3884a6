"""
Every kind of mistake in a rule file, with the very words it is answered with.

Each file in `golden/` is a rule file, a line `=== says`, and the answer. After a change
of the words run with CALLENGINE_GOLDEN=write and read the difference.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.rulebook.errors import BadExpression, BadRules, Mistake
from callengine.core.rulebook.grammar import parse
from callengine.core.rulebook.reading import read_rulebook
from callengine.core.rulebook.world import World

GOLDEN = Path(__file__).parent / "golden"
SEPARATOR = "\n=== says\n"
WORLD = World(
    skills=frozenset(
        ("tech", "lang.ru", "lang.uk", "product.phones", "product.toys", "region.ua-30")
    ),
    values={
        "shop": frozenset(("teplo", "svitlo")),
        "language": frozenset(("ru", "uk")),
        "segment": frozenset(("vip", "new")),
        "region": frozenset(("ru-mow", "ua-30")),
    },
)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda p: p.stem)
def test_a_mistake_is_told_with_place_and_suggestion(path: Path) -> None:
    text, _, wanted = path.read_text().partition(SEPARATOR)
    with pytest.raises(BadRules) as told:
        read_rulebook(text, name="rules.toml", world=WORLD)
    if os.environ.get("CALLENGINE_GOLDEN") == "write":
        path.write_text(f"{text}{SEPARATOR}{told.value}\n")
        return
    assert str(told.value) == wanted.rstrip("\n")


def test_there_is_a_golden_file_for_every_kind_of_mistake() -> None:
    assert len(list(GOLDEN.glob("*.txt"))) >= 40


def test_a_file_of_a_million_letters_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadRules, match="at most 1000000 characters"):
        read_rulebook("#" * 1_000_001)


def test_too_many_rules_are_refused() -> None:
    text = '[[rules]]\nname = "x"\n' * 2_001
    with pytest.raises(BadRules, match="more than 2000 rules"):
        read_rulebook(text)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5_000 + "]" * 5_000, "[" * 200 + "a", "a = " + "9" * 5_000],
    ids=["deep lists", "deep header", "a number of 5000 digits"],
)
def test_hostile_toml_is_a_mistake_and_no_crash(text: str) -> None:
    with pytest.raises(BadRules):
        read_rulebook(text)


def mistakes_of(text: str) -> list[Mistake]:
    """Return what is wrong with a rule file."""
    try:
        read_rulebook(text)
    except BadRules as error:
        return error.mistakes or [Mistake(message="", line=0, column=0)]
    return []


def mistake_of(text: str) -> BadExpression | None:
    """Return what is wrong with an expression."""
    try:
        parse(text)
    except BadExpression as error:
        return error
    return None


@given(st.text(max_size=300))
def test_any_text_is_a_rulebook_or_a_told_mistake(text: str) -> None:
    for mistake in mistakes_of(text):
        assert mistake.message
        assert mistake.line >= 1
        assert mistake.column >= 1


TOKENS = [
    "tech",
    "lang.ru",
    "and",
    "or",
    "not",
    "(",
    ")",
    ">=",
    "<=",
    ">",
    "<",
    "=",
    "!=",
    "5",
    "11",
    "@g",
    "&&",
    "{shop}",
    "3.5",
    "-",
    "'x'",
]


@given(st.lists(st.sampled_from(TOKENS), max_size=14))
def test_any_run_of_tokens_is_an_expression_or_a_told_mistake(words: list[str]) -> None:
    text = " ".join(words)
    mistake = mistake_of(text)
    if mistake is not None:
        assert mistake.message
        assert 0 <= mistake.offset <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "not " * 400 + "tech",
        "NOT " * 400 + "tech",
        "tech or " + "not " * 33 + "tech",
        "not (" * 31 + "not not not tech" + ")" * 31,
        "tech and " * 30 + "not " * 300 + "(tech)",
    ],
)
def test_not_upon_not_is_a_mistake_and_no_crash(text: str) -> None:
    with pytest.raises(BadExpression, match=r'"not" are nested more than 32 deep'):
        parse(text)


def test_long_flat_chains_are_read() -> None:
    chain = " and ".join(["tech"] * 150 + ["not tech>=9"] * 40)
    assert str(parse(chain)) == "tech>=1 and not tech>=9"
    assert str(parse("not " * 31 + "tech")).startswith("not not ")


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("not @g{before}", "groups speak of groups more than 32 deep"),
        ("(tech or @g{before}) and not @g{before}", "more than 32 deep|too long"),
        ("not not not not @g{before}", "more than 32 deep|too long"),
    ],
)
@pytest.mark.parametrize("groups", [40, 900])
def test_groups_upon_groups_are_a_mistake_and_no_crash(
    link: str, words: str, groups: int
) -> None:
    lines = [f'g{n} = "{link.format(before=n - 1)}"' for n in range(1, groups)]
    text = "\n".join(["[groups]", 'g0 = "tech"', *reversed(lines)])
    with pytest.raises(BadRules, match=words):
        read_rulebook(text, world=WORLD)


def test_groups_that_double_are_refused_before_they_are_written_out() -> None:
    lines = [
        f'g{n} = "(@g{n - 1} or tech>{n % 9}) and not @g{n - 1}"' for n in range(1, 25)
    ]
    text = "\n".join(["[groups]", 'g0 = "tech"', *lines])
    with pytest.raises(BadRules, match="with its groups written out this is too long"):
        read_rulebook(text, world=WORLD)
