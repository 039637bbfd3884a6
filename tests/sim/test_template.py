"""The loaded database that runs share."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sim.world.database import vacuum_into
from sim.world.template import DATA, DATABASE, Template, template_for

TODAY = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    """A run's folder whose last change is still in the write-ahead log."""
    folder = tmp_path / "run"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "callengine.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE shops (shop TEXT)")
        connection.execute("INSERT INTO shops VALUES ('teplo')")
        connection.commit()
        (folder / "credentials.json").write_text("{}")
        # Still open: the last one to close writes the log into the database.
        yield folder


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    path = tmp_path / "demo.toml"
    path.write_text("# shops")
    return path


def shops_in(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "callengine.db")) as connection:
        return [row[0] for row in connection.execute("SELECT shop FROM shops")]


async def keep(template: Template, run: Path) -> None:
    async def copy(draft: Path) -> None:
        vacuum_into(run / DATABASE, draft / DATABASE)

    await template.keep(run, copy)


async def test_what_a_run_kept_the_next_one_uses(
    tmp_path: Path, run: Path, shops: Path
) -> None:
    template = template_for(tmp_path, shops, TODAY)
    following = tmp_path / "next"
    following.mkdir()
    assert not template.use(following)
    await keep(template, run)
    assert template.use(following)
    assert shops_in(following) == ["teplo"]
    assert (following / "credentials.json").stat().st_mode & 0o077 == 0


def test_other_shops_or_another_day_need_another_template(
    tmp_path: Path, shops: Path
) -> None:
    first = template_for(tmp_path, shops, TODAY)
    assert template_for(tmp_path, shops, TODAY) == first
    assert template_for(tmp_path, shops, TODAY.replace(day=22)) != first
    shops.write_text("# other shops")
    assert template_for(tmp_path, shops, TODAY) != first


async def test_a_new_template_takes_the_place_of_old_ones(
    tmp_path: Path, run: Path, shops: Path
) -> None:
    old = Template(tmp_path / "templates" / "sqlite-old")
    await keep(old, run)
    await keep(template_for(tmp_path, shops, TODAY), run)
    assert not old.folder.exists()


async def test_half_a_template_is_none(tmp_path: Path, run: Path) -> None:
    template = Template(tmp_path / "templates" / "half")
    await keep(template, run)
    (template.folder / "credentials.json").unlink()
    assert not template.use(tmp_path)


async def test_each_kind_of_database_has_its_own(
    tmp_path: Path, run: Path, shops: Path
) -> None:
    async def copy(draft: Path) -> None:
        (draft / DATA).mkdir()

    file = template_for(tmp_path, shops, TODAY)
    server = template_for(tmp_path, shops, TODAY, kind="postgresql")
    await server.keep(run, copy)
    await keep(file, run)
    assert file.exists
    assert server.exists
    assert server.use(tmp_path)
    assert not (tmp_path / DATABASE).exists()


async def test_where_the_receivers_were_is_remembered(
    tmp_path: Path, run: Path, shops: Path
) -> None:
    async def copy(draft: Path) -> None:
        vacuum_into(run / DATABASE, draft / DATABASE)

    template = template_for(tmp_path, shops, TODAY)
    assert template.receiver_port() == 0
    await template.keep(run, copy, receiver_port=12_345)
    assert template.receiver_port() == 12_345
