"""What faults of the database have in common: a centre on PostgreSQL."""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from sim.checks import Check, at_least, equal
from sim.faults.fault import Fault, Stage
from sim.faults.seen import Seen
from sim.world.database import Postgres
from sim.world.plan import Plan, Timing, make_plan
from sim.world.postgres import OwnPostgres


class PostgresFault(Fault):
    """The engine runs on, whatever its database does."""

    def make_plan(self, folder: Path) -> Plan:
        """Choose PostgreSQL."""
        return make_plan(folder, timing=Timing(max_wait_s=90), database="postgresql")

    def server(self, stage: Stage) -> OwnPostgres:
        """The run's server."""
        assert isinstance(stage.world.database, Postgres)
        return stage.world.database.server

    def figures(self, stage: Stage, seen: Seen) -> dict[str, Any]:
        """Tell who was served meanwhile."""
        return meanwhile(stage, seen)

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Nobody noticed but `/readyz`; nothing was lost."""
        return unnoticed(figures)


def unnoticed(figures: dict[str, Any]) -> list[Check]:
    """Hold a fault to what it must be while calls go on through the engine."""
    said = any(not ready for _, ready in figures["ready"])
    return [
        equal("records lost", figures["records_lost"], 0),
        equal("readyz said so", said, True),
        equal("engines that ended", figures["engine_restarts"], 0),
        at_least("answered by the engine meanwhile", figures["answered_meanwhile"], 1),
    ]


def meanwhile(stage: Stage, seen: Seen) -> dict[str, Any]:
    """Count calls that agents took from the engine in the fault, and engines ended."""
    served = sum(
        bool(h.call)
        and h.established_at is not None
        and seen.injected_at < h.ring_at < seen.lifted_at
        for h in seen.handled
    )
    assert stage.world.engine is not None
    said = stage.world.engine.log.read_text(errors="replace")
    return {
        "answered_meanwhile": served,
        "engine_restarts": said.count("engine ended, starting another"),
    }


def family(pid: int) -> list[psutil.Process]:
    """A process and all that came of it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to processes of ours that may be gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if process.is_running():
                os.kill(process.pid, number)
