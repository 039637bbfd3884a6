"""The command line: quick, and clear when something is wrong."""

from pathlib import Path

import pytest

from callengine import __version__
from callengine.boot import cli
from callengine.boot.cli import COMMANDS, Entry, main


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder without settings or secrets."""
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"callengine {__version__}\n"


def test_help_names_every_command_that_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("--help") == 0
    said = capsys.readouterr().out
    assert {"run", "pbx", "provision", "doctor"} <= set(said.split())


def test_a_command_whose_module_is_missing_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = Entry("callengine.boot.commands.nowhere", "x", "Never there.")
    monkeypatch.setitem(COMMANDS, "nowhere", absent)
    assert run("--help") == 0
    assert "nowhere" not in capsys.readouterr().out
    assert run("nowhere") == cli.WRONG_USE


def test_wrong_use_is_exit_code_2() -> None:
    assert run("no-such-command") == cli.WRONG_USE
    assert run("--log-level", "loud", "pbx", "status") == cli.WRONG_USE


def test_wrong_settings_are_exit_code_3_and_name_the_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLENGINE_SIP__PORT", "0")
    assert run("pbx", "status") == cli.WRONG_SETTINGS
    assert "sip.port" in capsys.readouterr().err


def test_readable_secrets_are_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secrets.toml").touch(mode=0o644)
    assert run("pbx", "status") == cli.WRONG_SETTINGS
    assert "chmod 600" in capsys.readouterr().err


def test_an_asterisk_of_ones_own_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLENGINE_PBX__MANAGED", "false")
    assert run("pbx", "up") == cli.WRONG_SETTINGS
    assert "pbx.managed is false" in capsys.readouterr().err


def test_an_asterisk_too_old_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "asterisk"
    old.write_text("#!/bin/sh\necho Asterisk 22.9.0\n")
    old.chmod(0o755)
    monkeypatch.setenv("CALLENGINE_PBX__BINARY", str(old))
    assert run("pbx", "up") == cli.FAILED
    said = capsys.readouterr().err
    assert "Asterisk too old" in said
    assert "22.9.0" in said
    assert "Traceback" not in said


def test_a_defect_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("callengine.boot.commands.pbx._config", broken)
    with pytest.raises(ZeroDivisionError):
        main(["pbx", "status"])
