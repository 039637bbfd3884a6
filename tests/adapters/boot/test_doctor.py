"""`callengine doctor`: every finding, and the command that mends it."""

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest

from callengine.boot import checks
from callengine.boot.checks import Finding, Level, examine
from callengine.boot.cli import main
from callengine.boot.settings import load_settings
from tests.support.ports import free_port


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder, free ports, nothing reachable."""
    monkeypatch.chdir(tmp_path)
    for key in ("API", "AGI", "ARI", "AMI"):
        monkeypatch.setenv(f"CALLENGINE_{key}__PORT", str(free_port()))
    monkeypatch.setenv("CALLENGINE_SIP__PORT", str(free_port(udp=True)))
    monkeypatch.setenv("CALLENGINE_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")


async def found() -> dict[str, Finding]:
    """Findings by name."""
    return {finding.name: finding for finding in await examine(load_settings())}


def test_looking_writes_nothing(tmp_path: Path) -> None:
    asyncio.run(examine(load_settings()))
    assert list(tmp_path.iterdir()) == []


async def test_whatever_is_not_well_names_what_mends_it() -> None:
    findings = await found()
    assert all(
        finding.mend for finding in findings.values() if finding.level is not Level.OK
    )


async def test_servers_that_do_not_answer_are_advice_before_the_start() -> None:
    findings = await found()
    assert findings["Redis"].level is Level.ADVICE
    assert findings["database"].level is Level.ADVICE
    assert findings["database"].mend == "callengine migrate"


async def test_a_missing_asterisk_names_the_command_that_makes_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callengine.asterisk.pbx_find.installed_binaries", list)
    finding = (await found())["Asterisk"]
    assert finding.level is Level.MISSING
    assert "callengine pbx install" in finding.mend


async def test_a_missing_tool_names_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, "PATH", "/nowhere")
    findings = await found()
    assert findings["bwrap"].level is Level.MISSING
    assert findings["bwrap"].mend == "sudo apt-get install bubblewrap"
    assert findings["chromium"].level is Level.ADVICE


async def test_a_taken_port_names_its_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taker:
        port = taker.getsockname()[1]
        monkeypatch.setenv("CALLENGINE_API__PORT", str(port))
        finding = (await found())[f"api.port {port}"]
    assert finding.level is Level.MISSING
    assert f"process {os.getpid()}" in finding.found
    assert "api.port" in finding.mend


async def test_readable_secrets_are_missing_secrets(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secrets.toml").touch(mode=0o644)
    finding = (await found())["secrets"]
    assert finding.level is Level.MISSING
    assert finding.mend.startswith("chmod 600")


async def test_passwords_in_addresses_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = checks._without_password("postgresql+asyncpg://u:secret@h/d")
    assert shown == "postgresql+asyncpg://u@h/d"
    assert checks._without_password("redis://127.0.0.1/0") == "redis://127.0.0.1/0"


def test_programs_get_one_object_and_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "PATH", "/nowhere")
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--json"])
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert {"level", "name", "found", "mend"} == set(told["checks"][0])


def test_a_table_away_from_a_terminal_has_no_colours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["doctor"])
    assert "\x1b[" not in capsys.readouterr().out
