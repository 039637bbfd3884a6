"""`python -m sim`: the commands end to end, and that nothing outlives them."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from sim.waiting import until

pytestmark = pytest.mark.timeout(400)

PROJECT = Path(__file__).parents[2]
TIMED = {"arrival to ring, p95 ms", "answer to agent, p95 ms"}
"""Goals of a machine with nothing else to do; `make demo` holds them, a test cannot."""


async def run_sim(*argv: str) -> tuple[int, dict[str, Any]]:
    """Run a command to its end; its exit code and the object on its last line."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sim", *argv, "--json"),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out.decode().splitlines()[-1])


def broken(report: dict[str, Any]) -> list[dict[str, Any]]:
    """List the checks that do not hold, timings of a busy machine apart."""
    return [c for c in report["checks"] if not c["ok"] and c["name"] not in TIMED]


def living_in(folder: Path) -> list[str]:
    """Name the processes that have to do with a run's folder."""
    return [p.info["name"] for p in psutil.process_iter(["name"]) if _in(p, folder)]


def _in(process: psutil.Process, folder: Path) -> bool:
    try:
        told = [*process.cmdline(), *process.environ().values(), process.cwd()]
    except psutil.Error:
        return False
    return any(str(folder) in word for word in told)


@asynccontextmanager
async def demo_in_traffic(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the demo as a terminal does, and wait until callers call."""
    # A shell starts what it puts into the background with SIGINT ignored, which is
    # handed down to whatever that starts: to us perhaps, and through us to the demo.
    terminal = ("env", "--default-signal=INT")
    process = await asyncio.create_subprocess_exec(
        *(*terminal, sys.executable, "-m", "sim", "demo", "--folder", str(folder)),
        cwd=PROJECT,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def traffic() -> bool:
        assert process.returncode is None
        return callers_call(folder)

    try:
        assert await until(traffic, every_s=0.2, within_s=120)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def callers_call(folder: Path) -> bool:
    return any(log.stat().st_size for log in folder.glob("callers/*/moments.log"))


async def nothing_left(folder: Path) -> bool:
    async def gone() -> bool:
        return not living_in(folder)

    return await until(gone, every_s=0.1, within_s=15)


async def test_the_demo_passes_its_own_checks(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    code, report = await run_sim("demo", "--seconds", "20", "--folder", str(folder))
    assert broken(report) == []
    assert code == (0 if report["ok"] else 1)
    assert json.loads((folder / "report.json").read_text()) == report
    assert living_in(folder) == []


async def test_an_engine_killed_in_traffic_costs_no_call(tmp_path: Path) -> None:
    folder = tmp_path / "faults"
    options = ("--folder", str(folder), "--down-s", "8", "--after-s", "10")
    _, report = await run_sim("faults", "engine-kill", *options)
    wanted = {"bridged_lost", "waiting_lost", "double_dials"}
    assert {key: report[key] for key in wanted} == dict.fromkeys(wanted, 0)
    assert report["bridged"] >= 1
    assert report["fallback_answered"] >= 1
    assert report["answered_after"] >= 1
    assert report["recovery_ms"] > 0


async def test_the_demo_on_postgresql_survives_a_restart_of_the_server(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "demo"
    database = ("--database", "postgresql", "--restart-database", "6")
    options = ("--seconds", "20", "--folder", str(folder), *database)
    code, report = await run_sim("demo", *options)
    assert broken(report) == []
    assert code == (0 if report["ok"] else 1)
    assert report["orders_by_stage"]
    assert living_in(folder) == []


async def test_only_a_server_can_be_restarted(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sim", "demo", "--restart-database", "6"),
        *("--folder", str(tmp_path)),
        cwd=PROJECT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "only postgresql can be restarted" in said.decode()


@pytest.mark.parametrize("name", ["redis-hang", "database-restart", "disk-full"])
async def test_what_the_engine_leans_on_may_fail_without_anybody_noticing(
    tmp_path: Path, name: str
) -> None:
    options = ("--folder", str(tmp_path / "faults"), "--for-s", "8", "--after-s", "10")
    _, report = await run_sim("faults", name, *options)
    wanted = {
        "bridged_lost", "waiting_lost", "double_dials", "new_callers_unanswered",
        "free_agents_paused", "records_lost", "messages_doubled", "engine_restarts",
    }  # fmt: skip
    assert {key: report[key] for key in wanted} == dict.fromkeys(wanted, 0)
    assert report["answered_meanwhile"] >= 1
    assert report["recovery_ms"] is not None


async def test_an_interrupted_demo_reports_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    async with demo_in_traffic(folder) as process:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(120):
            assert await process.wait() in (0, 1)
    assert (folder / "report.json").exists()
    assert living_in(folder) == []


async def test_a_demo_in_the_background_ends_when_it_is_told_to(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    async with demo_in_traffic(folder) as process:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(120):
            assert await process.wait() in (0, 1)
    assert (folder / "report.json").exists()
    assert living_in(folder) == []


async def test_a_demo_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    async with demo_in_traffic(folder) as process:
        assert {"sipp", "baresip", "redis-server"} <= set(living_in(folder))
        process.kill()
        await process.wait()
    assert await nothing_left(folder), living_in(folder)


async def test_a_folder_with_other_things_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sim", "demo", "--folder", str(tmp_path)),
        cwd=PROJECT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "holds something else" in said.decode()
    assert (tmp_path / "diary.txt").exists()
