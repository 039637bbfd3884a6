"""Who may import whom: the contracts of pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.tree import ROOT

BIN = Path(sys.executable).parent


def test_arrows_point_one_way() -> None:
    done = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout


def test_the_command_line_starts_without_the_engine() -> None:
    """`callengine --help` loads no command, no database and no server."""
    code = (
        "import sys\n"
        "from callengine.boot.cli import build_app\n"
        "build_app([])\n"
        "heavy = {'aiohttp', 'sqlalchemy', 'redis', 'pydantic', 'jinja2'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == []
