"""An admin's first hour: the commands in the order of the guide, as processes."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from callengine.asterisk.pbx_config import PROJECT
from tests.support.ports import free_port
from tests.support.waiting import until


class Admin:
    """Somebody in an empty folder with a settings file."""

    def __init__(self, folder: Path) -> None:
        self.ari_port = free_port()
        first_rtp = 40_000 + free_port(udp=True) % 2_000 * 2
        (folder / "callengine.toml").write_text(
            f"[ari]\nport = {self.ari_port}\n[ami]\nport = {free_port()}\n"
            f"[agi]\nport = {free_port()}\n[api]\nport = {free_port()}\n"
            f"[sip]\nport = {free_port(udp=True)}\n"
            f"[rtp]\nfirst_port = {first_rtp}\nlast_port = {first_rtp + 400}\n"
            f'[pbx]\nroot_dir = "{PROJECT}/.cache/asterisk-root"\n'
        )
        self.folder = folder
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CALLENGINE_")
        }

    def starts(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Run a command that stays."""
        return subprocess.Popen(
            [sys.executable, "-m", "callengine", *arguments],
            cwd=self.folder,
            env=self._environment,
        )

    def does(self, *arguments: str, code: int = 0) -> str:
        """Run a command, check its exit code, return all that it said."""
        done = subprocess.run(
            [sys.executable, "-m", "callengine", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said


def listens(port: int) -> bool:
    """Whether a server is there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    """An admin; what they started is stopped."""
    admin = Admin(tmp_path)
    yield admin
    admin.does("pbx", "down")


def test_from_nothing_to_agents_in_a_running_asterisk(admin: Admin) -> None:
    assert "callengine migrate" in admin.does("provision", code=1)
    admin.does("migrate")
    admin.does("apply", str(PROJECT / "sim" / "shops" / "demo.toml"))
    assert "Asterisk 22." in admin.does("pbx", "install")
    assert "Asterisk is down" in admin.does("pbx", "status", code=1)

    assert "Asterisk is up" in admin.does("pbx", "up")
    assert "up already" in admin.does("pbx", "up")
    admin.does("pbx", "status")

    change = admin.does("provision", "--dry-run")
    assert "+[teplo](fallback)" in change
    assert "password = ***" in change
    assert "teplo" not in admin.does("pbx", "cli", "queue", "show")

    assert "3 files changed" in admin.does("provision")
    assert "teplo" in admin.does("pbx", "cli", "queue show")
    assert "nothing changed" in admin.does("provision")
    assert "Nothing would change" in admin.does("provision", "--dry-run")
    admin.does("pbx", "reload")

    assert "Asterisk is down." in admin.does("pbx", "down")
    assert "down already" in admin.does("pbx", "down")


def test_an_asterisk_of_ones_own_gets_files_and_the_commands_to_read_them(
    admin: Admin,
) -> None:
    settings = admin.folder / "callengine.toml"
    managed = settings.read_text()
    theirs = admin.folder / "theirs"
    settings.write_text(f'{managed}managed = false\nprovision_dir = "{theirs}"\n')
    admin.does("migrate")
    admin.does("apply", str(PROJECT / "sim" / "shops" / "demo.toml"))
    said = admin.does("provision")
    assert "asterisk -rx 'module reload res_pjsip.so'" in said
    assert {path.name for path in theirs.iterdir()} == {
        "pjsip_agents.conf",
        "queues_shops.conf",
        "extensions_numbers.conf",
        "pjsip_trunks.conf",
        "extensions_trunks.conf",
    }
    assert {path.stat().st_mode & 0o777 for path in theirs.iterdir()} == {0o640}
    settings.write_text(managed)


def test_a_supervised_asterisk_ends_with_its_supervisors_signal(admin: Admin) -> None:
    with admin.starts("pbx", "up", "--foreground") as supervised:
        asyncio.run(until(lambda: listens(admin.ari_port), within_s=30))
        supervised.send_signal(signal.SIGTERM)
        assert supervised.wait(30) == 0
    assert "Asterisk is down" in admin.does("pbx", "status", code=1)
