"""What `callengine backup` saves, `callengine restore` brings back; or says why not."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from callengine.boot.backup import taking
from callengine.boot.own_pid import PidFile
from callengine.store import migrate
from tests.integration.backup.conftest import Admin
from tests.support.commands import Said
from tests.support.ports import free_port

PART = {"sha256": "0", "bytes": 1, "mode": "600"}


@pytest.fixture
def saved(admin: Admin, tmp_path: Path) -> Path:
    """A backup."""
    admin.does("backup", str(tmp_path / "saved"))
    return tmp_path / "saved"


def wipe(admin: Admin) -> None:
    """The disaster: the folder is gone, and what the server had."""
    settings = (admin.folder / "callengine.toml").read_text()
    shutil.rmtree(admin.folder)
    admin.folder.mkdir()
    (admin.folder / "callengine.toml").write_text(settings)
    admin.does("migrate", "--down", "--to", "base")
    (admin.folder / "callengine.toml").unlink()


def refused(admin: Admin, saved: Path, *options: str) -> str:
    """What is said of a restore that changes nothing."""
    before = admin.rows()
    said: Said = admin.does("restore", str(saved), *options, code=1)
    assert admin.rows() == before
    assert "Traceback" not in said.err
    return said.err


def test_after_the_disaster_everything_is_as_it_was(
    admin: Admin, tmp_path: Path
) -> None:
    (admin.folder / "sounds" / "welcome.alaw").write_bytes(b"hello")
    spool = admin.folder / "var" / "pbx" / "spool" / "monitor"
    spool.mkdir(parents=True)
    (spool / "call-1.wav").write_bytes(b"RIFF")
    dialplan = admin.folder / "dialplan" / "agents.conf.j2"
    dialplan.write_text("; mine\n")
    secrets = (admin.folder / "var" / "secrets.toml").read_bytes()
    before = admin.rows()
    said = admin.does("backup", str(tmp_path / "saved"))
    assert "IN CLEAR" in said.err
    wipe(admin)

    said = admin.does("restore", str(tmp_path / "saved"))
    assert "Restored" in said.out
    assert admin.rows() == before
    assert (admin.folder / "var" / "secrets.toml").read_bytes() == secrets
    assert (admin.folder / "var").stat().st_mode & 0o777 == 0o700
    assert (admin.folder / "sounds" / "welcome.alaw").read_bytes() == b"hello"
    assert (spool / "call-1.wav").read_bytes() == b"RIFF"
    assert dialplan.read_text() == "; mine\n"
    assert "nothing changed" not in admin.does("init", str(admin.folder)).out
    assert dialplan.read_text() == "; mine\n"


def test_it_is_for_its_owner_alone(saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o700
    files = [path for path in saved.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    told = json.loads((saved / "manifest.json").read_text())
    listed = {*told["files"], "manifest.json"}
    assert {path.relative_to(saved).as_posix() for path in files} == listed
    assert "var/secrets.toml" in listed
    assert not [name for name in listed if "callengine.db" in name]


def test_data_is_not_written_over_unless_told(
    admin: Admin, saved: Path, kind: str
) -> None:
    before = admin.rows()
    admin.does("dnc", "add", "teplo", "8 (916) 123-45-67")
    assert "--force" in refused(admin, saved)

    said = admin.does("restore", str(saved), "--force").out
    assert admin.rows() == before
    if kind == "sqlite":
        (kept,) = (admin.folder / "var").glob("callengine.db.before-restore-*")
        assert str(kept) in said
        url = f"sqlite+aiosqlite:///{kept}"
        assert len(admin.rows(url)["do_not_call"]) == 1


def test_a_running_engine_is_not_robbed(admin: Admin, saved: Path) -> None:
    engine = PidFile(admin.folder / "var" / "engine.pid")
    engine.take()
    try:
        assert "an engine runs here" in refused(admin, saved, "--force")
    finally:
        engine.let_go()


@pytest.mark.parametrize("harm", ["bit", "cut", "gone", "manifest", "half"])
def test_a_damaged_backup_is_refused(admin: Admin, saved: Path, harm: str) -> None:
    told = json.loads((saved / "manifest.json").read_text())
    largest = max(told["files"], key=lambda name: int(told["files"][name]["bytes"]))
    file = saved / largest
    if harm == "bit":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif harm == "cut":
        os.truncate(file, file.stat().st_size - 1)
    elif harm == "gone":
        file.unlink()
    elif harm == "manifest":
        os.truncate(saved / "manifest.json", 300)
    else:
        (saved / "manifest.json").unlink()
    said = refused(admin, saved, "--force")
    assert any(word in said for word in ("damaged", "cannot be read", "no backup"))
    admin.does("restore", "--dry-run", str(saved), code=1)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", 2, "format 2"),
        ("database", {"kind": "sqlite", "schema": "9999_future"}, "newer"),
        ("database", {"kind": "oracle", "schema": None}, "newer"),
        (
            "files",
            {"../../etc/passwd": {"sha256": "0", "bytes": 1, "mode": "600"}},
            "damaged",
        ),
        (
            "files",
            {"/etc/passwd": {"sha256": "0", "bytes": 1, "mode": "600"}},
            "damaged",
        ),
        ("files", [], "damaged"),
        ("settings", "../callengine.toml", "damaged"),
        ("node", None, ""),
    ],
)
def test_a_manifest_of_somebody_else_is_refused(
    admin: Admin, saved: Path, key: str, value: object, said: str
) -> None:
    file = saved / "manifest.json"
    told = json.loads(file.read_text())
    if key == "node":
        told.pop(key)
    else:
        told[key] = value
    file.write_text(json.dumps(told))
    assert said in refused(admin, saved, "--force")


def test_a_backup_goes_into_a_folder_of_its_own(admin: Admin, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "photo.jpg").touch()
    for place in (other, other / "photo.jpg", admin.folder / "var" / "saved"):
        admin.does("backup", str(place), code=1)
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []
    empty = tmp_path / "empty"
    empty.mkdir()
    admin.does("backup", str(empty))
    admin.does("restore", "--dry-run", str(empty))


def test_an_interrupted_backup_leaves_nothing(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = taking.manifests.copy, [3]

    def interrupted(source: Path, target: Path) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return real(source, target)

    monkeypatch.setattr(taking.manifests, "copy", interrupted)
    admin.does("backup", str(tmp_path / "saved"), code=130)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_a_killed_backup_left_is_no_backup_and_goes_with_the_next(
    admin: Admin, saved: Path, tmp_path: Path
) -> None:
    half = tmp_path / ".later.999999999.partial"
    shutil.copytree(saved, half)
    (half / "manifest.json").unlink()
    assert "no backup" in refused(admin, half, "--force")
    admin.does("backup", str(tmp_path / "later"))
    assert not half.exists()


def test_a_full_disk_leaves_nothing(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(taking.manifests, "copy", full)
    said = admin.does("backup", str(tmp_path / "saved"), code=1)
    assert "No space left" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_was_edited_here_stays_and_the_backups_lies_beside(
    admin: Admin, saved: Path
) -> None:
    edited = admin.folder / "dialplan" / "agents.conf.j2"
    theirs = edited.read_text()
    edited.write_text("; of this machine\n")
    said = admin.does("restore", str(saved), "--force").out
    assert edited.read_text() == "; of this machine\n"
    assert edited.with_name("agents.conf.j2.from-backup").read_text() == theirs
    assert "was edited here and stays" in said


def test_an_older_schema_is_brought_up_to_this_versions(
    admin: Admin, tmp_path: Path
) -> None:
    newest = migrate.newest()
    older = sorted(migrate.revisions())[-2]
    admin.does("migrate", "--down", "--to", older)
    admin.does("backup", str(tmp_path / "older"))
    told = json.loads((tmp_path / "older" / "manifest.json").read_text())
    assert told["database"]["schema"] == older
    shops = admin.rows()["shops"]
    wipe(admin)
    admin.does("restore", str(tmp_path / "older"))
    after = admin.rows()
    assert after["alembic_version"] == [(newest,)]
    assert len(after["shops"]) == len(shops)


def test_a_backup_of_the_other_kind_of_database_is_refused(
    admin: Admin, saved: Path, kind: str
) -> None:
    told = json.loads((saved / "manifest.json").read_text())
    told["database"]["kind"] = "postgresql" if kind == "sqlite" else "sqlite"
    (saved / "manifest.json").write_text(json.dumps(told))
    assert "database_url names" in refused(admin, saved, "--force")


def test_a_damaged_database_is_never_saved(
    admin: Admin, tmp_path: Path, kind: str
) -> None:
    if kind != "sqlite":
        pytest.skip("a server watches over its own files")
    file = admin.folder / "var" / "callengine.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    content = bytearray(file.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    file.write_bytes(content)
    admin.does("backup", str(tmp_path / "saved"), code=1)
    assert not (tmp_path / "saved").exists()


def test_a_server_that_does_not_answer_is_told(
    admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql+asyncpg://callengine:hunter2@127.0.0.1:{free_port()}/none"
    monkeypatch.setenv("CALLENGINE_DATABASE_URL", url)
    said = admin.does("backup", str(tmp_path / "saved"), code=1).err
    assert "the database cannot be used" in said
    assert "hunter2" not in said
    assert not (tmp_path / "saved").exists()


def test_no_backup_is_made_of_nothing(admin: Admin, tmp_path: Path) -> None:
    admin.does("migrate", "--down", "--to", "base")
    with_nothing = tmp_path / "nothing"
    said = admin.does("backup", str(with_nothing), code=1).err
    assert "nothing to save" in said or "empty" in said
    assert not with_nothing.exists()
