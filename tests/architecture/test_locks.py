"""A lock installs for as long as its versions exist: it leaves nothing to choose."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

FILES = ("pyproject.toml", "requirements.lock", "requirements-dev.lock")


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts/check_lock.py"), str(folder)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def change(path: Path, pattern: str, replacement: str) -> None:
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_the_locks_close_over_themselves() -> None:
    done = check(ROOT)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_lock_without_an_extra_that_a_package_needs_is_open(locks: Path) -> None:
    change(locks / "requirements-dev.lock", r"coverage\[toml\]==", "coverage==")

    done = check(locks)

    assert done.returncode == 1
    assert "pytest-cov needs coverage[toml]" in done.stderr


def test_a_lock_without_an_extra_that_the_project_needs_is_open(locks: Path) -> None:
    change(locks / "requirements.lock", r"redis\[hiredis\]==", "redis==")

    done = check(locks)

    assert done.returncode == 1
    assert "pyproject.toml needs redis[hiredis]" in done.stderr


def test_a_lock_without_a_package_of_a_package_is_open(locks: Path) -> None:
    change(locks / "requirements.lock", r"(?m)^mako==", "# mako==")

    done = check(locks)

    assert done.returncode == 1
    assert "alembic needs Mako, which is not pinned" in done.stderr


def test_a_pin_too_old_for_who_needs_it_opens_the_lock(locks: Path) -> None:
    change(locks / "pyproject.toml", '"aiohttp"', '"aiohttp>=999"')

    done = check(locks)

    assert done.returncode == 1
    assert "pyproject.toml needs aiohttp>=999, pinned is" in done.stderr


def test_a_lock_of_other_versions_than_are_installed_is_not_judged(locks: Path) -> None:
    change(locks / "requirements.lock", r"(?m)^mako==[^ ]+", "mako==0.0.1")

    done = check(locks)

    assert done.returncode == 1
    assert "mako is not installed as it is locked" in done.stderr
