"""`callengine init`: a new instance, and one after an upgrade."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from callengine.boot import checks, cli, instance
from callengine.boot.cli import main
from callengine.boot.findings import Level
from callengine.boot.instance import STATE
from callengine.boot.managed_pbx import pbx_config
from callengine.boot.secrets import Secrets
from callengine.boot.settings import load_settings
from callengine.shipped import FOLDERS, shipped

RULES = "dialplan/inbound.conf.j2"
SECRETS = Secrets(ari_password="a", ami_password="b", admin_token="c")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and no variables of ours."""
    for name in list(os.environ):
        if name.upper().startswith("CALLENGINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's folders, as a later version would bring them: to be changed."""
    package = tmp_path / "newer"
    for name in FOLDERS:
        shutil.copytree(shipped(name), package / name)
    monkeypatch.setattr(instance, "shipped", lambda name: package / name)
    return package


def init(*arguments: str, code: int = 0) -> None:
    """Run the command and check its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["init", *arguments])
    assert ended.value.code == code


def state_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a folder: content and time of its last change."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != STATE
    }


def test_it_lays_out_all_that_an_admin_edits() -> None:
    init("site")
    site = Path("site").absolute()
    for name in ("asterisk-conf", "dialplan"):
        ours = {path.name for path in shipped(name).iterdir() if path.is_file()}
        assert {path.name for path in (site / name).iterdir()} == ours
    assert (site / "centre.toml").is_file()
    assert list((site / "sounds").iterdir()) == []
    assert (site / "var").stat().st_mode & 0o777 == 0o700
    assert (site / "callengine.toml").stat().st_mode & 0o007 == 0
    assert (site / "var" / "secrets.toml").stat().st_mode & 0o777 == 0o600


def test_its_settings_are_the_defaults_in_comments() -> None:
    init("site")
    file = Path("site/callengine.toml").absolute()
    settings = load_settings(file)
    plain = load_settings()
    assert settings.model_dump(exclude={"var_dir", "database_url", "pbx"}) == (
        plain.model_dump(exclude={"var_dir", "database_url", "pbx"})
    )
    assert settings.var_dir == file.parent / "var"
    example = (shipped("examples") / "callengine.toml").read_text().splitlines()
    said = [line.split(" = ")[0] for line in example if " = " in line]
    text = file.read_text()
    assert all(f"# {key.removeprefix('# ')} = " in text for key in said)


def test_asterisk_takes_the_instances_own_files_before_the_packages() -> None:
    init("site")
    config = pbx_config(load_settings(Path("site/callengine.toml")), SECRETS)
    site = Path("site").absolute()
    assert config.conf_dirs == (shipped("asterisk-conf"), site / "asterisk-conf")
    assert config.dialplan_dirs == (shipped("dialplan"), site / "dialplan")
    assert config.sounds_dirs == (shipped("sounds"), site / "sounds")


def test_twice_is_once(capsys: pytest.CaptureFixture[str]) -> None:
    init("site")
    before = state_of(Path("site"))
    capsys.readouterr()
    init("site")
    assert "is up to date" in capsys.readouterr().out
    assert state_of(Path("site")) == before


def test_the_first_time_it_says_what_to_do_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    init("site", "--user", "somebody-new")
    said = capsys.readouterr().out
    for step in ("migrate", "apply centre.toml", "pbx up", "provision", "run"):
        assert f"callengine {step}" in said
    assert "useradd" in said
    assert "systemctl enable --now" in said


def test_an_upgrade_never_writes_over_what_was_edited(
    newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init("site")
    site = Path("site")
    mine = site / RULES
    mine.write_text(mine.read_text() + "; mine\n")
    (newer / RULES).write_text("; theirs\n")
    (newer / "dialplan" / "agents.conf.j2").write_text("; newer\n")
    (newer / "dialplan" / "menus.conf").write_text("; added\n")
    capsys.readouterr()
    init("site")
    said = capsys.readouterr().out
    assert mine.read_text().endswith("; mine\n")
    assert (site / f"{RULES}.new").read_text() == "; theirs\n"
    assert f"{RULES}: edited, left alone" in said
    assert "diff -u" in said
    assert (site / "dialplan" / "agents.conf.j2").read_text() == "; newer\n"
    assert (site / "dialplan" / "menus.conf").read_text() == "; added\n"

    (site / f"{RULES}.new").unlink()  # compared, and done with
    init("site")
    assert not (site / f"{RULES}.new").exists()
    assert "is up to date" in capsys.readouterr().out


def test_whoever_takes_the_new_version_follows_again(newer: Path) -> None:
    init("site")
    mine = Path("site") / RULES
    mine.write_text("; mine\n")
    (newer / RULES).write_text("; second\n")
    init("site")
    mine.with_name(mine.name + ".new").replace(mine)
    (newer / RULES).write_text("; third\n")
    init("site")
    assert mine.read_text() == "; third\n"


def test_what_was_removed_stays_away(newer: Path) -> None:
    init("site")
    (Path("site") / RULES).unlink()
    (newer / RULES).write_text("; newer\n")
    init("site")
    assert not (Path("site") / RULES).exists()


def test_what_the_package_has_no_more_goes_unless_it_was_edited(
    newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init("site")
    edited = Path("site/dialplan/identify.conf.j2")
    edited.write_text("; mine\n")
    for name in ("identify.conf.j2", "agents.conf.j2"):
        (newer / "dialplan" / name).unlink()
    init("site")
    assert edited.read_text() == "; mine\n"
    assert not Path("site/dialplan/agents.conf.j2").exists()
    assert "though this version has it no more" in capsys.readouterr().out


def test_without_its_record_nothing_is_written_over(newer: Path) -> None:
    init("site")
    mine = Path("site") / RULES
    mine.write_text("; mine\n")
    (newer / "dialplan" / "agents.conf.j2").write_text("; newer\n")
    before = state_of(Path("site"))
    (Path("site") / STATE).write_text("{ damaged")
    init("site")
    after = state_of(Path("site"))
    assert {path: after[path] for path in before} == before
    assert f"{RULES}.new" in after
    assert "dialplan/agents.conf.j2.new" in after


def test_an_interrupted_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = instance.write, [5]

    def full(path: Path, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(instance, "write", full)
    init("site", code=1)
    monkeypatch.setattr(instance, "write", real)
    init("site")
    whole = Path("whole")
    init("whole")
    assert set(state_of(Path("site"))) == set(state_of(whole))


def test_a_folder_of_somebody_else_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("theirs").mkdir()
    Path("theirs/photo.jpg").touch()
    Path("file").touch()
    init("theirs", code=1)
    assert "not empty (photo.jpg)" in capsys.readouterr().err
    init("file", code=1)
    init("file/below", code=1)
    init("semi;colon", code=1)
    assert "';'" in capsys.readouterr().err
    assert not Path("semi;colon").exists()
    init("site", "--user", "root\nUser=x", code=2)
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["file", "theirs"]


def test_a_checkout_is_no_place_for_an_instance(
    capsys: pytest.CaptureFixture[str],
) -> None:
    init(str(shipped("dialplan").parent), code=2)
    assert "is a checkout" in capsys.readouterr().err


def test_its_own_virtual_environment_may_be_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("site/.venv").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(Path("site/.venv").absolute()))
    init("site")
    assert (Path("site") / STATE).exists()


def test_files_of_another_version_are_warned_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLENGINE_PBX__BINARY", "/nowhere/asterisk")

    def told_by(*arguments: str, code: int) -> str:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == code
        return capsys.readouterr().err

    init("site")
    told = json.loads((Path("site") / STATE).read_text())
    assert instance.behind(Path("site")) is None
    told["version"] = "0.0.9"
    (Path("site") / STATE).write_text(json.dumps(told))
    assert instance.behind(Path("site")) == "0.0.9"
    said = told_by("--config", "site/callengine.toml", "pbx", "up", code=1)
    assert "those of callengine 0.0.9" in said
    assert f"callengine init {Path('site').absolute()}" in said
    found = checks._instance(Path("site"))
    assert found is not None
    assert found.level is Level.ADVICE
    init("site")
    assert instance.behind(Path("site")) is None


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd here"
)
@pytest.mark.parametrize("name", ["site", "the site", "100%"])
def test_systemd_understands_the_units(name: str) -> None:
    init(name, "--user", "callengine")
    units = sorted((Path(name) / "systemd").glob("*.service"))
    assert len(units) == 2
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_units_keep_their_user_when_init_is_given_again() -> None:
    init("site", "--user", "telephony")
    init("site")
    for unit in Path("site/systemd").iterdir():
        assert "User=telephony\n" in unit.read_text()
        assert "ProtectSystem=strict" in unit.read_text()
    engine = Path("site/systemd/callengine.service").read_text()
    assert "Type=notify\nWatchdogSec=10\n" in engine
    never_again = (cli.WRONG_USE, cli.WRONG_SETTINGS, cli.FENCED)
    assert f"RestartPreventExitStatus={' '.join(map(str, never_again))}\n" in engine


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_made_in_var_is_given_to_the_services_user() -> None:
    account = next(entry for entry in pwd.getpwall() if entry.pw_uid > 0)
    theirs, root_own = account.pw_uid, 0
    init("site", "--user", account.pw_name)
    var = Path("site/var")
    (var / "callengine.db").touch()
    (var / "pbx").mkdir()
    Path("secret").touch()
    (var / "linked").hardlink_to("secret")
    (var / "pointer").symlink_to(Path("secret").absolute())
    init("site")
    for path in (var, var / "callengine.db", var / "pbx", var / "secrets.toml"):
        assert path.stat().st_uid == theirs
    assert Path("secret").stat().st_uid == root_own
    settings = Path("site/callengine.toml").stat()
    assert (settings.st_uid, settings.st_gid) == (root_own, account.pw_gid)
    assert settings.st_mode & 0o777 == 0o640
