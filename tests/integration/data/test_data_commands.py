"""`callengine migrate`, `apply`, `check`, `orders import` as an admin calls them."""

import json
from pathlib import Path

import pytest

from callengine.store.migrate import newest
from tests.support.commands import DEMO, Run

ORDERS = """\
number;phone;name;item;category;quantity;price
T-1;8 (916) 123-45-67;Ирина;Чайник;kitchen;1;1299
T-2;7,92E+10;Пётр;Лампа;home;1;5
T-3;+7 916 000-00-00;Анна;Плед;home;две;5
T-1;;;Кружка;kitchen;2;90
"""


def test_migrating_twice_says_so(run: Run) -> None:
    first, second = run("migrate"), run("migrate")

    assert f"from schema none to {newest()}" in first.out
    assert f"at schema {newest()} already" in second.out


def test_the_database_is_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    run("migrate")

    assert (tmp_path / "var" / "callengine.db").stat().st_mode & 0o077 == 0


def test_applying_to_an_empty_database_says_what_to_run_first(run: Run) -> None:
    said = run("apply", str(DEMO))

    assert said.code == 1
    assert "run `callengine migrate`" in said.err


def test_new_secrets_are_shown_once_or_written_once(run: Run, tmp_path: Path) -> None:
    run("migrate")
    shown = run("apply", str(DEMO))
    again = run("apply", str(DEMO))
    rotated = run("apply", str(DEMO), "--rotate", "--secrets-out", "s.json", "--json")

    assert "agent a01 password " in shown.out
    assert "secrets" not in again.out
    assert "unchanged: 14" in again.out
    assert "secrets" not in rotated.json()
    kept = json.loads((tmp_path / "s.json").read_text())
    assert len(kept["agents"]) == 10
    assert set(kept["shops"]["teplo"]) == {"api_key", "shop_secret", "logistics_secret"}


def test_a_bad_file_is_explained_and_nothing_is_applied(
    ready: Run, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(DEMO.read_text().replace('"Europe/Moscow"', '"Moscow"'))
    checked, applied = ready("check", str(bad)), ready("apply", str(bad))

    assert (checked.code, applied.code) == (1, 1)
    for said in (checked, applied):
        assert f"{bad}: error: line 19: shops.teplo.zone: 'Moscow' is no" in said.err
    assert "nothing was applied" in applied.err


def test_checking_needs_no_database(run: Run) -> None:
    said = run("check", str(DEMO), "--json").json()

    assert said["ok"] is True
    assert said["errors"] == []
    assert len(said["warnings"]) == 4  # the receivers are told by the environment


def test_good_orders_go_in_and_bad_rows_are_reported(
    ready: Run, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(ORDERS.encode("cp1251"))
    first = ready("orders", "import", str(file), "--shop", "teplo")
    second = ready("orders", "import", str(file), "--shop", "teplo", "--json")

    assert first.code == 1
    assert f"{file}: line 3: phone: a spreadsheet has rounded" in first.err
    assert f"{file}: line 4: quantity 'две' is no number" in first.err
    said = second.json()
    assert (said["created"], said["same"], said["ok"]) == (0, 1, False)
    assert [row["line"] for row in said["bad"]] == [3, 4]


def test_a_file_without_bad_rows_ends_well(ready: Run, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(ORDERS.splitlines()[:2]))
    said = ready("orders", "import", str(file), "--shop", "teplo", "--json")

    assert said.code == 0
    assert (said.json()["created"], said.json()["bad"]) == (1, [])


@pytest.mark.parametrize(
    ("content", "shop", "says"),
    [
        (None, "teplo", "No such file"),
        (b"a;b\n1;2\n", "teplo", "there is no number"),
        (ORDERS.encode(), "nobody", "there is no shop 'nobody'; shops: svitlo, teplo"),
    ],
)
def test_what_cannot_be_imported_at_all_is_code_2(
    ready: Run, tmp_path: Path, content: bytes | None, shop: str, says: str
) -> None:
    file = tmp_path / "orders.csv"
    if content is not None:
        file.write_bytes(content)
    said = ready("orders", "import", str(file), "--shop", shop)

    assert said.code == 2
    assert says in said.err
    assert "Traceback" not in said.err


def test_a_database_that_is_away_is_one_clear_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "CALLENGINE_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    )
    said = run("migrate")

    assert said.code == 1
    assert "the database does not work" in said.err
    assert "Traceback" not in said.err


# --- routing rules ---------------------------------------------------------------

RULES = """\
[[rules]]
name = "everybody"
hard = "shop.{shop} and lang.{language}>=5"

[[rules]]
name = "garden"
soft = "product.garden>=10"
"""


def test_rules_of_a_file_of_their_own_are_applied_once(
    ready: Run, tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    first, again = (ready("apply", str(file), "--json").json() for _ in range(2))

    assert first["changed"] == ["routing rules"]
    assert (again["created"], again["changed"], again["unchanged"]) == ([], [], 1)


def test_a_mistake_in_rules_is_shown_with_its_place_and_changes_nothing(
    ready: Run, tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    ready("apply", str(file))
    file.write_text(RULES.replace("product.garden", "prodcut.garden"))
    checked, applied = ready("check", str(file)), ready("apply", str(file))

    assert (checked.code, applied.code) == (1, 1)
    for said in (checked, applied):
        assert said.err.splitlines()[:3] == [
            f'{file}: error: line 7, column 9: no skill is called "prodcut.garden";'
            ' did you mean "product.garden"?',
            '  7 | soft = "prodcut.garden>=10"',
            "    |         ^",
        ]
    assert "nothing was applied" in applied.err
    file.write_text(RULES)
    assert ready("apply", str(file), "--json").json()["unchanged"] == 1


def test_a_rule_that_the_roster_cannot_serve_is_a_warning_and_can_be_applied(
    ready: Run, tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    checked = ready("check", str(file))

    assert checked.code == 0
    assert "0 shops, 0 agents, 2 rules; no errors, 2 warnings" in checked.out
    assert (
        f'{file}: warning: line 5: rule "garden", shop teplo: nobody meets'
        in checked.err
    )
    said = ready("check", str(file), "--json").json()
    assert said["ok"] is True
    assert {warning["line"] for warning in said["warnings"]} == {5}
