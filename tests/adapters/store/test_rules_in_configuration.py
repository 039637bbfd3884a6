"""Routing rules, policies and dated skills in a file for `apply`."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callengine.core.match.policy import AgentKey
from callengine.core.rulebook.reading import read_rulebook
from callengine.engine.ports import RoutingText
from callengine.store.configuration import (
    BadConfiguration,
    Plan,
    read_plan,
    warnings_of,
)
from callengine.store.configuration.known import Known
from callengine.store.configuration.rules import cut_out
from tests.adapters.store.test_configuration_errors import GOOD

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
RULES = """
[[rules]]
name = "everybody"
hard = "shop.{shop} and lang.{language}>=5"

[routing.policy]
bands = [9, 6, 3]
agents = ["rare", "idle"]
calls_per_hour = 12
"""


def plan_of(tmp_path: Path, text: str, **known: Any) -> Plan:
    """Read a file."""
    file = tmp_path / "all.toml"
    file.write_text(text)
    return read_plan(file, environ={}, **known)


def problems(tmp_path: Path, text: str, **known: Any) -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(BadConfiguration) as bad:
        plan_of(tmp_path, text, **known)
    return [str(problem) for problem in bad.value.problems]


def warned(plan: Plan, text: str, **more: Any) -> list[str]:
    """What is doubtful in a file."""
    return [str(doubt) for doubt in warnings_of(plan, text, now=NOW, **more)]


def test_one_file_holds_shops_agents_and_rules(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, GOOD + RULES)
    assert plan.rules is not None
    assert [rule.name for rule in plan.rules.book.rules] == ["everybody"]
    policy = plan.rules.book.policy.policy
    assert (policy.bands, policy.agents) == ((9, 6, 3), (AgentKey.RARE, AgentKey.IDLE))
    assert policy.limits.calls_per_hour == 12


def test_a_file_without_rules_says_nothing_of_them(tmp_path: Path) -> None:
    assert plan_of(tmp_path, GOOD).rules is None


def test_rules_keep_the_lines_they_have_in_the_file(tmp_path: Path) -> None:
    text = GOOD + RULES
    plan = plan_of(tmp_path, text)
    assert plan.rules is not None
    (rule,) = plan.rules.book.rules
    assert text.splitlines()[rule.line - 1] == "[[rules]]"
    assert "teplo" not in plan.rules.text


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_rules_are_cut_out_wherever_they_stand(newline: str) -> None:
    text = (
        """\
[groups] # "[[agents]]"
both = '''lang.uk>=3
  and lang.ru>=3'''
[[shops]]
slug = "x"
note = '''
[[rules]]
name = "not a rule"
'''
[[rules]] # one
name = "one"
when = { dialled = "+7*",
  choice = ["1",
  "2"] } if
[shops.queue]
name = "q"
[[rules]]
name = "two"
soft = "@both"
""".replace(" } if", " }")
        .replace('+7*",\n', '+7*", ')
        .replace('["1",\n', '["1",\n')
    )
    text = text.replace("\n", newline)
    rules, rest = cut_out(text, tomllib.loads(text))
    assert rules is not None
    assert set(rest) == {"shops"}
    assert rules.count("\n") == text.count("\n")
    assert [rule.name for rule in read_rulebook(rules).rules] == ["one", "two"]


def test_a_mistake_in_rules_has_line_column_and_suggestion(tmp_path: Path) -> None:
    bad = RULES.replace("lang.{language}", "lang.{langauge}")
    line = (GOOD + bad).splitlines().index(
        'hard = "shop.{shop} and lang.{langauge}>=5"'
    ) + 1
    assert problems(tmp_path, GOOD + bad) == [
        f"line {line}, column 25: nothing is called {{langauge}};"
        ' did you mean "language"?'
    ]


def test_mistakes_of_shops_and_rules_are_told_together(tmp_path: Path) -> None:
    text = GOOD.replace('"RUB"', '"rub"') + RULES.replace("calls_per_hour = 12", "x=1")
    found = problems(tmp_path, text)
    assert [said.partition(":")[0] for said in found] == [
        "line 6",
        f"line {len(text.splitlines())}, column 1",
    ]


def test_a_skill_nobody_has_and_no_product_asks_for_is_a_slip(tmp_path: Path) -> None:
    text = GOOD + RULES + '[[rules]]\nname = "x"\nsoft = "prodcut.kitchen>=3"\n'
    (said,) = problems(tmp_path, text)
    assert said.endswith(
        'no skill is called "prodcut.kitchen"; did you mean "product.kitchen"?'
    )


def test_without_any_agent_every_skill_may_come(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, RULES + '[[rules]]\nname = "x"\nsoft = "tech>=3"\n')
    (said,) = warned(plan, RULES)
    assert said == "line 2: nobody is on the roster: no rule finds an agent"


def test_skills_of_the_database_may_be_asked_for(tmp_path: Path) -> None:
    text = RULES + '[[rules]]\nname = "x"\nsoft = "tech>=3"\n'
    plan_of(tmp_path, text, known_skills=frozenset(("tech", "lang.ru")))
    assert problems(tmp_path, text, known_skills=frozenset(("lang.ru",)))


def test_a_shop_that_is_not_there_is_a_slip(tmp_path: Path) -> None:
    text = GOOD + RULES + '[[rules]]\nname = "x"\nwhen = { shop = "tepl" }\n'
    (said,) = problems(tmp_path, text)
    assert said.endswith('there is no shop "tepl"; did you mean "teplo"?')


@pytest.mark.parametrize(
    ("table", "meant"), [("rule", "rules"), ("promo", "promos"), ("group", "groups")]
)
def test_a_table_of_rules_with_a_slip_in_its_name(
    tmp_path: Path, table: str, meant: str
) -> None:
    (said,) = problems(tmp_path, f"{GOOD}\n[[{table}]]\nname = 'x'\n")
    assert said.endswith(f"{table}: there is no such key; did you mean {meant}?")


# --- rules that nobody can serve ----------------------------------------------


def test_rules_that_the_roster_serves_are_not_warned_of(tmp_path: Path) -> None:
    assert warned(plan_of(tmp_path, GOOD + RULES), GOOD + RULES) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            'soft = "product.kitchen>=6"',
            'rule "x", shop teplo: nobody meets shop.teplo>=1 and lang.ru>=5 and'
            " product.kitchen>=6: such calls relax at once to the step of 15 s;"
            " nearest is a01, who lacks product.kitchen>=6 (has 4)",
        ),
        (
            'hard = "product.kitchen>=6"',
            'rule "x", shop teplo: nobody meets shop.teplo>=1 and lang.ru>=5 and'
            " product.kitchen>=6: nobody can ever take such a call;"
            " nearest is a01, who lacks product.kitchen>=6 (has 4)",
        ),
        (
            'when = { language = "uk" }\nhard = "product.kitchen"',
            'rule "x", shop teplo: nobody meets shop.teplo>=1 and lang.uk>=5 and'
            " product.kitchen>=1: nobody can ever take such a call;"
            " nearest is a01, who lacks lang.uk>=5",
        ),
        (
            'when = { dialled = "+38*" }',
            'rule "x": nobody can dial +38*: no shop has such a number',
        ),
        ("credit_s = 600", 'rule "x": credit_s of 600 counts as 120: that is the cap'),
    ],
)
def test_a_rule_that_nobody_can_serve_is_named_with_what_is_missing(
    tmp_path: Path, rule: str, said: str
) -> None:
    text = f'{GOOD}{RULES}[[rules]]\nname = "x"\n{rule}\n'
    line = text.splitlines().index('name = "x"')
    assert warned(plan_of(tmp_path, text), text) == [f"line {line}: {said}"]


def test_what_customers_buy_must_be_known_to_somebody(tmp_path: Path) -> None:
    text = GOOD.replace('"product.kitchen" = 4', '"product.toys" = 9') + RULES.replace(
        'hard = "', 'history = true\nhard = "'
    )
    (said,) = warned(plan_of(tmp_path, text), text)
    assert "nobody meets shop.teplo>=1 and lang.ru>=5 and product.kitchen>=2" in said


def test_agents_of_other_shops_may_not_slip_in_unseen(tmp_path: Path) -> None:
    text = f'{GOOD}\n[[rules]]\nname = "loose"\nhard = "lang.{{language}}>=5"\n'
    stranger = (("lang.ru", 9), ("shop.other", 5))
    known = Known(agents={"a07": stranger})
    found = warned(plan_of(tmp_path, text), text, known=known)
    assert [said for said in found if "without that shop's certificate" in said]


def test_rules_in_force_are_held_against_a_file_of_agents(tmp_path: Path) -> None:
    known = Known(
        rules=RoutingText(
            text=RULES + '[[rules]]\nname = "y"\nhard = "tech>=2"\n', version=3
        )
    )
    (said,) = warned(plan_of(tmp_path, GOOD), GOOD, known=known)
    assert said.startswith('rule "y", shop teplo: nobody meets')


def test_a_skill_that_only_a_rule_asks_for_is_no_slip(tmp_path: Path) -> None:
    agents = GOOD.replace('"lang.ru" = 9', '"lang.ru" = 9, tech = 3')
    assert any(
        "no call asks for tech" in said
        for said in warned(plan_of(tmp_path, agents), agents)
    )
    text = f'{agents}{RULES}[[rules]]\nname = "x"\nsoft = "tech>=2"\n'
    assert warned(plan_of(tmp_path, text), text) == []


# --- dates of skills ----------------------------------------------------------


def dated(value: str) -> str:
    """The good file with another level of Russian."""
    return GOOD.replace('"lang.ru" = 9', f'"lang.ru" = {value}')


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{ level = 9, expires_at = 2026-12-01 }", "expires on 2026-12-01, in 10 days"),
        ("{ level = 9, expires_at = 2026-11-20 }", "expired on 2026-11-20 and counts"),
        (
            "{ level = 9, certified_at = 2026-11-22T00:00:00+03:00 }",
            "is held from 2026-11-21 on, not yet",
        ),
    ],
)
def test_a_certificate_that_ends_soon_is_warned_of(
    tmp_path: Path, value: str, said: str
) -> None:
    text = dated(value)
    (found,) = warned(plan_of(tmp_path, text), text)
    assert found.startswith("line 20: agent a01: lang.ru ")
    assert said in found


def test_a_certificate_of_next_year_is_not_warned_of(tmp_path: Path) -> None:
    text = dated("{ level = 9, certified_at = 2025-01-01, expires_at = 2027-02-01 }")
    assert warned(plan_of(tmp_path, text), text) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{ level = 11 }", "agents.a01.skills.lang.ru.level: input should be less"),
        ("{ expires_at = 2026-12-01 }", "skills.lang.ru.level: this key is missing"),
        (
            "{ level = 9, expires = 2026-12-01 }",
            "expires: there is no such key; did you mean expires_at?",
        ),
        (
            '{ level = 9, expires_at = "2026-12-01" }',
            "expires_at: write a day without quotes, as in 2026-11-27",
        ),
        (
            "{ level = 9, expires_at = 2026-12-01T00:00:00 }",
            "write the offset too, as in 2026-11-27T00:00:00+03:00",
        ),
        (
            "{ level = 9, certified_at = 2026-12-01, expires_at = 2026-11-01 }",
            "a certificate cannot expire before it was earned",
        ),
        ("true", "agents.a01.skills.lang.ru: input should be a valid integer"),
        ("1e300", "agents.a01.skills.lang.ru: input should be a valid integer"),
    ],
)
def test_a_slip_in_a_dated_skill_is_explained(
    tmp_path: Path, value: str, said: str
) -> None:
    (found,) = problems(tmp_path, dated(value))
    assert found.startswith("line 24: ")
    assert said in found


def test_a_shops_certificate_may_expire_too(tmp_path: Path) -> None:
    text = GOOD.replace(
        "shops = { teplo = 5 }",
        "shops = { teplo = { level = 5, expires_at = 2026-11-30 } }",
    )
    (found,) = warned(plan_of(tmp_path, text), text)
    assert "agent a01: shop.teplo expires on 2026-11-30" in found


@pytest.mark.parametrize("name", ["rules.toml", "centre.toml"])
def test_the_examples_of_the_documentation_are_right(name: str) -> None:
    file = ROOT / "docs" / "examples" / name
    plan = read_plan(file, environ={})
    assert plan.rules is not None
    found = warnings_of(plan, file.read_text(), now=NOW)
    assert [str(doubt) for doubt in found if "roster" not in doubt.message] == []
