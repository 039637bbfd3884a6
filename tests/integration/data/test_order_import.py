"""`callengine orders import`: what its exit code says, and what interrupts it."""

import json
from pathlib import Path
from typing import Any

import pytest

from callengine.engine.ports import StoreDown
from callengine.store.files import take
from callengine.store.intake import SqlIntake
from tests.support.commands import DEMO, Run

GOOD = "number;phone;item;price\n" + "".join(
    f"T-{n};8916{n:07d};Чайник;10\n" for n in range(1_000_001, 1_000_011)
)


def written(folder: Path, text: str) -> str:
    """A file of orders."""
    file = folder / "orders.csv"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (GOOD, 0, ""),
        (GOOD + "T-2;8916;Чай;5\n", 1, "line 12: phone:"),
        (f"{GOOD}T-2;89160000000;Чай;пять\n", 1, "line 12: price 'пять' is no number"),
        ("a;b\n1;2\n", 2, "there is no number"),
        (GOOD.replace("price", "Стоит"), 5, "columns not understood: Стоит"),
        ("number;phone;item;date\n1;89161234567;Чай;вчера\n", 5, "warning: placed_at"),
    ],
)
def test_the_exit_code_says_what_became_of_a_file(
    ready: Run, tmp_path: Path, text: str, code: int, said: str
) -> None:
    done = ready("orders", "import", written(tmp_path, text), "--shop", "teplo")

    assert done.code == code
    assert said in done.err


def test_explaining_takes_nothing_and_proposes_a_map_that_works(
    ready: Run, tmp_path: Path
) -> None:
    file = written(tmp_path, GOOD.replace("price", "Стоит"))
    explained = ready("orders", "import", file, "--shop", "teplo", "--explain")
    as_json = ready("orders", "import", file, "--shop", "teplo", "--explain", "--json")

    assert explained.code == as_json.code == 5
    assert "[shops.columns]" in explained.out
    assert '"Стоит" = "ignore"' in as_json.json()["toml"]
    own = DEMO.read_text().replace(
        "[shops.receivers]", '[shops.columns]\n"Стоит" = "price"\n[shops.receivers]', 1
    )
    (tmp_path / "shops.toml").write_text(own)
    assert ready("apply", "shops.toml").code == 0
    done = ready("orders", "import", file, "--shop", "teplo", "--json")
    assert (done.code, done.json()["created"]) == (0, 10)


def test_a_map_with_a_slip_is_explained_with_its_line(
    ready: Run, tmp_path: Path
) -> None:
    own = DEMO.read_text().replace(
        "[shops.receivers]", '[shops.columns]\n"Тел" = "phnoe"\n[shops.receivers]', 1
    )
    (tmp_path / "shops.toml").write_text(own)
    said = ready("check", "shops.toml")

    assert said.code == 1
    assert "did you mean phone" in said.err


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted; 4 of 10 orders are in"),
        (StoreDown("the database is away"), 1, "4 of 10 orders are in"),
    ],
)
def test_an_interrupted_import_is_finished_by_the_same_file(
    ready: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: BaseException,
    code: int,
    said: str,
) -> None:
    file = written(tmp_path, GOOD)
    whole, batches = SqlIntake.take_many, 0

    async def fails(self: SqlIntake, *given: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise trouble
        return await whole(self, *given)

    monkeypatch.setattr(take, "BATCH", 2)
    with monkeypatch.context() as patched:
        patched.setattr(SqlIntake, "take_many", fails)
        broken = ready("orders", "import", file, "--shop", "teplo")
    again = ready("orders", "import", file, "--shop", "teplo", "--json")

    assert (broken.code, said in broken.err) == (code, True)
    assert "import the same file again" in broken.err
    counts = json.loads(again.out)
    assert (counts["created"], counts["same"], again.code) == (6, 4, 0)


def test_a_file_without_end_is_refused_at_once(ready: Run) -> None:
    said = ready("orders", "import", "/dev/zero", "--shop", "teplo")

    assert said.code == 2
    assert "larger than 20 MB" in said.err
