"""`callengine run` where something it needs is missing: one clear sentence, exit 1."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.servers import RedisServer


def run(*argv: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours to its end."""
    return subprocess.run(
        [sys.executable, "-m", "callengine", *argv],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture
def env(tmp_path: Path, redis_server: RedisServer) -> dict[str, str]:
    """Settings of an engine that would start, but for Asterisk."""
    return {
        "CALLENGINE_VAR_DIR": str(tmp_path),
        "CALLENGINE_REDIS_URL": redis_server.database(7),
        "CALLENGINE_API__PORT": str(free_port()),
        "CALLENGINE_AGI__PORT": str(free_port()),
        "CALLENGINE_ARI__PORT": str(free_port()),
        "CALLENGINE_AMI__PORT": str(free_port()),
    }


def refused(env: Mapping[str, str]) -> str:
    """What `callengine run` says before it gives up."""
    done = run("run", env=env)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_without_redis_it_says_what_to_check(env: dict[str, str]) -> None:
    assert run("migrate", env=env).returncode == 0
    env["CALLENGINE_REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    assert "Check redis_url, and that Redis runs." in refused(env)


def test_without_its_tables_it_says_migrate(env: dict[str, str]) -> None:
    assert "callengine migrate" in refused(env)


def test_without_its_database_it_says_what_to_check(env: dict[str, str]) -> None:
    url = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"
    env["CALLENGINE_DATABASE_URL"] = url
    assert "Check database_url, and that the database runs." in refused(env)


@pytest.mark.parametrize("which", ["API", "AGI"])
def test_with_a_port_taken_it_names_the_address(
    env: dict[str, str], which: str
) -> None:
    assert run("migrate", env=env).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        env[f"CALLENGINE_{which}__PORT"] = str(port)
        said = refused(env)
    assert str(port) in said
    assert "callengine doctor" in said


def test_a_setting_nobody_knows_is_named(env: dict[str, str]) -> None:
    env["CALLENGINE_TIMING__WRAPUP_S"] = "5"
    done = run("run", env=env)
    assert done.returncode == 3
    assert "CALLENGINE_TIMING__WRAP_UP_S" in done.stderr
