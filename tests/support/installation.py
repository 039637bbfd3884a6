"""A wheel in an empty environment, and an instance of it, as a stranger has them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from tests.architecture.tree import ROOT
from tests.support.ports import free_port

PINNED_UV = ROOT / ".cache" / "uv" / "bin" / "uv"
"""The installer of `make setup`; `scripts/common.sh` tells it what pip is told here."""
BY_SETUP = 'source scripts/common.sh; uv "$@"'
INSTALL_WITHIN_S = 110


def install(wheel: Path, environment: Path) -> None:
    """Make a virtual environment with the locked packages and the wheel."""
    python = str(environment / "bin" / "python")
    lock = str(ROOT / "requirements.lock")
    if PINNED_UV.exists() or shutil.which("uv"):
        uv = ["bash", "-c", BY_SETUP, "uv"] if PINNED_UV.exists() else ["uv"]
        into = [*uv, "pip", "install", "-q", "--python", python]
        steps = [[*uv, "venv", "-q", "--python", sys.executable, str(environment)]]
    else:
        into = [python, "-m", "pip", "install", "-q"]
        steps = [[sys.executable, "-m", "venv", str(environment)]]
    steps.append([*into, "--require-hashes", "-r", lock])
    steps.append([*into, "--no-deps", str(wheel)])
    for step in steps:
        done = subprocess.run(
            step,
            cwd=ROOT,
            env=stranger(),
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_WITHIN_S,
        )
        assert done.returncode == 0, done.stderr


def stranger() -> dict[str, str]:
    """The environment without what points to this tree."""
    ours = ("CALLENGINE_", "PYTHON", "VIRTUAL_ENV")
    return {
        name: value
        for name, value in os.environ.items()
        if name[:4] != "PYTE" and not name.startswith(ours)
    }


class Installation:
    """The commands of an installed wheel, for one instance; given from elsewhere."""

    def __init__(self, environment: Path, instance: Path) -> None:
        self.program = environment / "bin" / "callengine"
        self.instance = instance
        self.settings = instance / "callengine.toml"

    def package(self) -> Path:
        """Where its Python finds callengine."""
        code = "import callengine; print(callengine.__path__[0])"
        command = [str(self.program.with_name("python")), "-c", code]
        done = subprocess.run(
            command, cwd="/", env=stranger(), capture_output=True, text=True, check=True
        )
        return Path(done.stdout.strip())

    def does(self, *arguments: str, code: int = 0, at: Path = Path("/")) -> str:
        """Run a command to its end, check its exit code, return what it said."""
        done = subprocess.run(
            [str(self.program), *self._where(arguments), *arguments],
            cwd=at,
            env=stranger(),
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert done.returncode == code, said
        return said

    def starts(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Run a command that stays; its log goes to `stays.log` beside the instance."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.program), *self._where(arguments), *arguments],
                cwd="/",
                env=stranger(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> Path:
        """What a command that stays said."""
        return self.instance.with_name("stays.log")

    def _where(self, arguments: tuple[str, ...]) -> list[str]:
        # A restore is given in an empty folder: there is no settings file to name.
        named = arguments[0] not in {"init", "restore"}
        return ["--config", str(self.settings)] if named else []

    def edits(self, **values: str | int | bool) -> None:
        """Set values as an admin does: `api__port` is the `port` of `[api]`."""
        text = self.settings.read_text()
        for key, value in values.items():
            table, _, name = key.rpartition("__")
            shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
            start = text.index(f"[{table}]") if table else 0
            line = re.compile(rf"^# {name} = .*$", re.MULTILINE)
            assert line.search(text, start), key
            text = text[:start] + line.sub(f"{name} = {shown}", text[start:], count=1)
        self.settings.write_text(text)

    def takes_free_ports(self, redis_url: str) -> None:
        """Keep out of the way of what else runs on this machine."""
        first_rtp = 40_000 + free_port(udp=True) % 2_000 * 2
        self.edits(
            redis_url=redis_url,
            api__port=free_port(),
            ari__port=free_port(),
            ami__port=free_port(),
            agi__port=free_port(),
            sip__port=free_port(udp=True),
            rtp__first_port=first_rtp,
            rtp__last_port=first_rtp + 400,
            pbx__root_dir=f"{ROOT}/.cache/asterisk-root",
        )

    def left_running(self) -> list[str]:
        """Processes of this instance or its environment that still live."""
        marks = (str(self.instance), str(self.program.parent))
        left = []
        for process in psutil.process_iter(["cmdline", "status"]):
            command = " ".join(process.info["cmdline"] or ())
            if process.info["status"] != psutil.STATUS_ZOMBIE and any(
                mark in command for mark in marks
            ):
                left.append(f"{process.pid} {command}")
        return left
