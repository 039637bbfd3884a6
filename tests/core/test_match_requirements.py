"""Requirements as trees and as bits say the same; their text reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.match.classes import SkillClasses, bits
from callengine.core.match.requirement import (
    ANYBODY,
    COMPARE,
    NOBODY,
    All,
    Either,
    Expr,
    Level,
    Not,
    both,
    either,
    from_skills,
    least,
    skills_of,
)
from callengine.core.match.skills import Held, check_class, next_change, skills_at
from callengine.core.rulebook.grammar import parse
from callengine.core.skills import Requirement

NAMES = ("tech", "lang.ru", "lang.uk", "product.toys")

LEVELS = st.builds(
    Level,
    st.sampled_from(NAMES),
    st.sampled_from(sorted(COMPARE)),
    st.integers(1, 9),
)
EXPRS: st.SearchStrategy[Expr] = st.recursive(
    LEVELS,
    lambda inner: st.one_of(
        st.builds(lambda a, b: both(a, b), inner, inner),
        st.builds(lambda a, b: either(a, b), inner, inner),
        st.builds(Not, inner),
    ),
    max_leaves=8,
)
SKILLS = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10)).map(
    lambda held: tuple(sorted(held.items()))
)


@given(EXPRS, st.lists(SKILLS, min_size=1, max_size=20))
def test_bits_and_trees_agree_on_who_meets_an_expression(
    expr: Expr, held: list[tuple[tuple[str, int], ...]]
) -> None:
    classes = SkillClasses()
    numbers = [classes.enter(skills)[0] for skills in held]
    meeting = classes.meeting(expr)
    for number, skills in zip(numbers, held, strict=True):
        assert bool(meeting >> number & 1) == expr.met_by(dict(skills))


@given(EXPRS, st.lists(SKILLS, min_size=2, max_size=12), st.data())
def test_bits_agree_also_after_classes_came_and_went(
    expr: Expr, held: list[tuple[tuple[str, int], ...]], data: st.DataObject
) -> None:
    classes = SkillClasses()
    numbers = [classes.enter(skills)[0] for skills in held]
    gone = data.draw(st.sets(st.sampled_from(range(len(held))), max_size=len(held)))
    for place in gone:
        classes.leave(numbers[place])
    left = {numbers[p]: held[p] for p in range(len(held)) if p not in gone}
    assert set(bits(classes.everyone)) == set(left)
    assert set(bits(classes.meeting(expr))) == {
        number for number, skills in left.items() if expr.met_by(dict(skills))
    }


@given(EXPRS, SKILLS, st.integers(1, 10))
def test_raising_asks_for_the_level_in_every_minimum(
    expr: Expr, skills: tuple[tuple[str, int], ...], level: int
) -> None:
    def monotone(part: Expr) -> bool:
        match part:
            case Level(op=op):
                return op in (">=", ">")
            case All(parts) | Either(parts):
                return all(monotone(p) for p in parts)
            case _:
                return False

    if monotone(expr) and expr.raised(level).met_by(dict(skills)):
        assert expr.met_by(dict(skills))


@given(EXPRS, SKILLS)
def test_the_text_of_an_expression_reads_back_as_the_same(
    expr: Expr, skills: tuple[tuple[str, int], ...]
) -> None:
    again = parse(str(expr))
    assert again.met_by(dict(skills)) == expr.met_by(dict(skills))
    assert str(parse(str(again))) == str(again)


def test_a_skill_that_is_not_held_counts_as_zero() -> None:
    assert not parse("tech>=1").met_by({})
    assert parse("tech<1").met_by({})
    assert parse("tech=0").met_by({})
    assert parse("not tech").met_by({})
    assert parse("tech!=3").met_by({})


def test_and_binds_tighter_than_or_and_not_tightest() -> None:
    expr = parse("not a and b or c")
    assert expr.met_by({"c": 1})
    assert expr.met_by({"b": 1})
    assert not expr.met_by({"a": 1, "b": 1})


def test_keywords_inside_names_are_names() -> None:
    assert skills_of(parse("order and notable or android.nor")) == (
        "order",
        "notable",
        "android.nor",
    )


def test_nobody_and_anybody_are_what_they_say() -> None:
    assert ANYBODY.met_by({})
    assert not NOBODY.met_by({"tech": 10})
    assert (str(ANYBODY), str(NOBODY)) == ("anybody", "nobody")
    assert both() == ANYBODY
    assert both(least("a"), ANYBODY) == least("a")


def test_a_plain_requirement_splits_into_hard_and_soft() -> None:
    needed = Requirement(hard=(("lang.ru", 5), ("shop.a", 1)), soft=(("tech", 3),))
    hard, soft = from_skills(needed)
    assert str(hard) == "lang.ru>=5 and shop.a>=1"
    assert soft == (least("tech", 3),)


def test_a_certificate_counts_from_its_day_until_it_expires() -> None:
    sheet = {
        "tech": Held(level=7, certified_at=100.0, expires_at=200.0),
        "lang.ru": Held(level=5),
    }
    assert skills_at(sheet, 99.0) == (("lang.ru", 5),)
    assert skills_at(sheet, 100.0) == (("lang.ru", 5), ("tech", 7))
    assert skills_at(sheet, 200.0) == (("lang.ru", 5),)
    assert [next_change(sheet, at) for at in (0.0, 100.0, 200.0)] == [
        100.0,
        200.0,
        None,
    ]


@pytest.mark.parametrize("level", [0, 11, -1, True])
def test_a_level_out_of_range_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        Held(level=level)
    with pytest.raises(ValueError, match="1 to 10"):
        check_class((("tech", level),))


def test_a_certificate_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it was earned"):
        Held(level=5, certified_at=10.0, expires_at=10.0)
    with pytest.raises(ValueError, match="an instant"):
        Held(level=5, expires_at=float("nan"))


@pytest.mark.parametrize("name", ["Tech", "", "a..b", "x" * 90, "a b"])
def test_a_bad_skill_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no skill name"):
        check_class(((name, 5),))


def test_a_skill_held_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        check_class((("tech", 5), ("tech", 6)))
