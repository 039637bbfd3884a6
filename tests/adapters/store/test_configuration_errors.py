"""Every mistake in a configuration file is explained with its line and a way out."""

from pathlib import Path

import pytest

from callengine.store.configuration import BadConfiguration, read_plan, warnings_of
from callengine.store.configuration.locate import line_of, places

GOOD = """\
[[shops]]
slug = "teplo"
name = "Тепло"
language = "ru"
region = "RU"
currency = "RUB"
zone = "Europe/Moscow"
numbers = ["8 (495) 000-01-01"]

[shops.receivers]
shop_url = "https://shop.example/in"
logistics_url = "https://logistics.example/in"

[[shops.products]]
sku = "P-1"
name = "Чайник"
category = "kitchen"
price_minor = 100

[[agents]]
login = "a01"
name = "Анна"
shops = { teplo = 5 }
skills = { "lang.ru" = 9, "product.kitchen" = 4 }
"""


def problems(tmp_path: Path, text: str | bytes, **environ: str) -> list[str]:
    """What is wrong with a file."""
    file = tmp_path / "shops.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadConfiguration) as bad:
        read_plan(file, environ=environ)
    return [str(problem) for problem in bad.value.problems]


def test_a_good_file_is_read_and_can_be_served(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    file.write_text(GOOD)
    plan = read_plan(file, environ={})

    assert plan.shops[0].numbers == ["+74950000101"]
    assert plan.shops[0].caller_id == "+74950000101"
    assert plan.shops[0].queue_name == "teplo"
    assert warnings_of(plan, GOOD) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'zone = "Europe/Moscow"',
            'zone = "Europe/Mosow"',
            "line 7: shops.teplo.zone: 'Europe/Mosow' is no time zone;"
            " did you mean Europe/Moscow?",
        ),
        (
            'language = "ru"',
            'langauge = "ru"',
            "line 4: shops.teplo.langauge: there is no such key;"
            " did you mean language?",
        ),
        (
            'region = "RU"',
            'region = "ru"',
            "line 5: shops.teplo.region: 'ru' is no reg",
        ),
        ('name = "Тепло"\n', "", "line 1: shops.teplo.name: this key is missing"),
        (
            '["8 (495) 000-01-01"]',
            "[84950000101]",
            "phone numbers are texts: put them in quotes",
        ),
        (
            '["8 (495) 000-01-01"]',
            '["8 (495"]',
            "line 8: shops.teplo.numbers: '8 (495'",
        ),
        (
            "https://shop.example/in",
            "shop.example",
            "line 11: shops.teplo.receivers.shop_url: 'shop.example' is no address",
        ),
        (
            "price_minor = 100",
            "price_minor = 1.5",
            "line 18: shops.teplo.products.P-1.price_minor: input should be a valid",
        ),
        (
            "shops = { teplo = 5 }",
            'shops = ["tepl"]',
            "line 23: there is no shop tepl; did you mean teplo?",
        ),
        (
            '"lang.ru" = 9',
            "lang.ru = 9",
            'line 24: agents.a01.skills: put the skill in quotes: "lang.ru"',
        ),
        (
            '"lang.ru" = 9',
            '"lang.ru" = 11',
            "line 24: agents.a01.skills.lang.ru: input",
        ),
        (
            '"lang.ru" = 9',
            '"shop.teplo" = 9',
            "write it under shops = { teplo = LEVEL }",
        ),
        ('login = "a01"', 'login = "trunk"', "is taken by Asterisk's own"),
        (
            'login = "a01"',
            'login = "A 01"',
            "line 21: agents.A 01.login: 'A 01': use 2",
        ),
        ('slug = "teplo"', 'slug = "teplo', "line 2: no valid TOML"),
        (
            'zone = "Europe/Moscow"',
            'zone = "${ZONE}"',
            "line 7: the environment has no",
        ),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))

    assert any(said in problem for problem in found), found


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = (
        GOOD.replace('"RU"', '"Russia"').replace('"RUB"', '"rub"').replace("= 9", "=0")
    )
    lines = [int(said.split()[1][:-1]) for said in problems(tmp_path, text)]

    assert lines == [5, 6, 24]


def test_what_is_there_twice_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD + GOOD.replace("Чайник", "Кофейник"))

    assert "line 26: shops: teplo is there already" in found
    assert "line 45: agents: a01 is there already" in found
    assert any("number +74950000101 is of shop teplo already" in said for said in found)


def test_variables_come_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    url = "https://shop.example/in"
    file.write_text(GOOD.replace(url, "${HOST:-http://localhost}/in"))

    default = read_plan(file, environ={})
    given = read_plan(file, environ={"HOST": "https://x.example"})
    assert default.shops[0].receivers.shop_url == "http://localhost/in"
    assert given.shops[0].receivers.shop_url == "https://x.example/in"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("имя = 1".encode("cp1251"), "line 1: the file is not UTF-8"),
        (b"x" * 5_000_001, "larger than 5000000 bytes"),
        (b"a = " + b"[" * 5000, "no valid TOML|nested too deep"),
        (b"shops = 5", "line 1: shops: input should be a valid list"),
    ],
)
def test_what_is_no_configuration_is_refused(
    tmp_path: Path, raw: bytes, said: str
) -> None:
    (found,) = problems(tmp_path, raw)
    assert any(part in found for part in said.split("|")), found


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    raw = b'[[shops]]\nslug = "teplo"\n[shops.receivers]\nshop_secret = ["hunter2"]\n'
    assert "hunter2" not in " ".join(problems(tmp_path, raw))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"none\.toml: No such file"):
        read_plan(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{ teplo = 5 }", "{}", "line 1: shop teplo has no agent with its certificate"),
        ('"lang.ru" = 9', '"lang.ru" = 4', "no agent has lang.ru at 5 or more"),
        ("= 4 }", "= 2 }", "no agent who speaks ru has product.kitchen at 3 or more"),
        (
            '"product.kitchen" = 4',
            '"prduct.kitchen" = 4',
            "line 20: agent a01: no call asks for prduct.kitchen; did you mean",
        ),
        ('shop_url = "https://shop.example/in"\n', "", "has no receivers.shop_url"),
        (
            'numbers = ["8 (495) 000-01-01"]\n',
            "",
            "has no number that could be dialled",
        ),
    ],
)
def test_what_nobody_can_serve_is_warned_of(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    file = tmp_path / "shops.toml"
    file.write_text(text)
    found = [str(doubt) for doubt in warnings_of(read_plan(file, environ={}), text)]

    assert any(said in doubt for doubt in found), found


def test_lines_are_found_through_nested_tables() -> None:
    text = "\n".join(
        (
            "[[shops]]",  # 1
            'slug = "a"',
            "[shops.queue]",
            "ring_s = 5",
            "[[shops.products]]",  # 5
            'sku = "1"',
            "[[shops.products]]",
            'sku = "2" # not [[here]]',
            "[[shops]]",
            'slug = "b"',  # 10
            "[[shops.products]]",
            'sku = "3"',
        )
    )

    assert line_of(text, ("shops", 0, "queue", "ring_s")) == 4
    assert line_of(text, ("shops", 0, "products", 1, "sku")) == 8
    assert line_of(text, ("shops", 1, "products", 0, "sku")) == 12
    assert line_of(text, ("shops", 1, "zone")) == 9
    assert line_of(text, ("nothing",)) == 1
    assert len(places(text)) == 12
