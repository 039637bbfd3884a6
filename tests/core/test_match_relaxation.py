"""Ladders: what gives way, in which order, and what never does."""

import pytest

from callengine.core.match.relaxation import (
    BadLadder,
    Drop,
    Ladder,
    Lower,
    Relax,
    Step,
    Widen,
    build_ladder,
    ladder_of,
    standard_relaxes,
)
from callengine.core.match.requirement import ANYBODY, least
from callengine.core.rulebook.grammar import parse
from callengine.core.skills import Requirement


def texts(ladder: Ladder) -> list[tuple[float, float | None, str]]:
    """Write a ladder down."""
    return [(step.after_s, step.spare, str(step.expr)) for step in ladder.steps]


def test_steps_lower_then_drop_then_widen_and_never_touch_the_hard_part() -> None:
    ladder = build_ladder(
        least("lang.ru", 5),
        [parse("tech>=5"), parse("region.mow")],
        [
            Relax(after_s=30, give_up=Widen(parse("senior"))),
            Relax(after_s=8, give_up=Lower("tech", 2)),
            Relax(after_s=15, give_up=Drop("region.*")),
        ],
    )
    assert texts(ladder) == [
        (0.0, None, "lang.ru>=5 and tech>=5 and region.mow>=1"),
        (8.0, None, "lang.ru>=5 and tech>=3 and region.mow>=1"),
        (15.0, None, "lang.ru>=5 and tech>=3"),
        (30.0, None, "lang.ru>=5 and (tech>=3 or senior>=1)"),
    ]


def test_dropping_everything_leaves_a_hard_skill_that_is_also_soft() -> None:
    ladder = build_ladder(
        least("lang.ru", 5),
        [parse("lang.ru>=8 or tech")],
        [Relax(after_s=5, give_up=Drop("*"))],
    )
    assert str(ladder.steps[-1].expr) == "lang.ru>=5"


def test_an_early_opening_stays_while_firm_steps_come() -> None:
    ladder = build_ladder(
        ANYBODY,
        [parse("tech>=5")],
        [
            Relax(after_s=0, give_up=Drop("*"), spare=2.0),
            Relax(after_s=8, give_up=Lower("*", 2)),
            Relax(after_s=15, give_up=Drop("*")),
        ],
    )
    assert [ladder.firm_at(s) for s in (0, 7.9, 8, 15)] == [0, 0, 2, 3]
    assert [ladder.spare_at(s) for s in (0, 8, 14)] == [1, 1, 1]
    assert ladder.spare_at(15) is None
    assert [ladder.next_after(s) for s in (0, 8, 15)] == [8, 15, None]


def test_a_lowered_level_stays_at_one_or_above() -> None:
    expr = Lower("tech", 9).apply(parse("tech>=5 and tech>3 and tech<9"))
    assert str(expr) == "tech>=1 and tech>0 and tech<9"


def test_steps_that_change_nothing_are_left_out() -> None:
    ladder = build_ladder(
        ANYBODY,
        [parse("tech")],
        [
            Relax(after_s=3, give_up=Drop("other")),
            Relax(after_s=5, give_up=Drop("tech")),
            Relax(after_s=9, give_up=Drop("*")),
        ],
    )
    assert [step.after_s for step in ladder.steps] == [0.0, 5]


def test_equal_ladders_are_one_key() -> None:
    one, two = (
        build_ladder(least("a"), [least("b")], standard_relaxes()) for _ in "12"
    )
    assert one == two
    assert hash(one) == hash(two)


def test_a_plain_requirement_gives_way_from_the_last_skill() -> None:
    needed = Requirement(hard=(("ru", 5),), soft=(("tech", 3), ("mow", 1)))
    assert texts(ladder_of(needed, relax_after_s=15, spare=2.0)) == [
        (0.0, None, "ru>=5 and tech>=3 and mow>=1"),
        (0.0, 2.0, "ru>=5"),
        (15.0, None, "ru>=5 and tech>=3"),
        (30.0, None, "ru>=5"),
    ]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((), "begins with"),
        ((Step(after_s=1.0, expr=ANYBODY),), "begins with"),
        ((Step(after_s=0.0, expr=ANYBODY, spare=1.0),), "begins with"),
        (
            (Step(after_s=0.0, expr=ANYBODY), Step(after_s=1e9, expr=ANYBODY)),
            "due between",
        ),
        (
            (Step(after_s=0.0, expr=ANYBODY), Step(after_s=float("nan"), expr=ANYBODY)),
            "due between",
        ),
        (
            (
                Step(after_s=0.0, expr=ANYBODY),
                Step(after_s=9.0, expr=ANYBODY),
                Step(after_s=5.0, expr=ANYBODY),
            ),
            "in the order",
        ),
        (
            (
                Step(after_s=0.0, expr=ANYBODY),
                Step(after_s=0, expr=ANYBODY, spare=-1.0),
            ),
            "reserve is 0 to 1000",
        ),
        (tuple(Step(after_s=0.0, expr=ANYBODY) for _ in range(40)), "at most 32"),
    ],
)
def test_a_ladder_nobody_could_climb_is_refused(
    steps: tuple[Step, ...], message: str
) -> None:
    with pytest.raises(BadLadder, match=message):
        Ladder(steps)
