"""
`faults disk-full`: the disk of the embedded database is full to the last byte.

The file lies on a small disk of its own. Calls go on; records wait; once there is room
everything is written, once. Where nothing may be mounted the engine's files may not
grow instead (RLIMIT_FSIZE).
"""

import asyncio
import resource
import shutil
from collections.abc import Sequence
from typing import Any

import psutil

from sim.checks import Check
from sim.faults.fault import Fault, Stage
from sim.faults.postgres import meanwhile, unnoticed
from sim.faults.seen import Seen
from sim.faults.small_disk import NoSmallDisk, SmallDisk
from sim.world.plan import Plan
from sim.world.shops import ShopsFile
from sim.world.steps import Say
from sim.world.world import World

SPARE_KB = 24_000
"""Room for the write-ahead log while all is well."""
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class SmallWorld(World):
    """A world whose database lies on a small disk, if we may make one."""

    def __init__(self, plan: Plan, shops: ShopsFile, say: Say) -> None:
        super().__init__(plan, shops, say)
        self.disk: SmallDisk | None = None
        self._tell = say

    async def load(self) -> None:
        """Load it, then move it there."""
        await super().load()
        await asyncio.to_thread(self._move)

    def _move(self) -> None:
        file = self.plan.database
        size_kb = file.stat().st_size // 1024 + SPARE_KB
        disk = SmallDisk(self.plan.folder / "small-disk", size_kb)
        try:
            disk.mount()
        except NoSmallDisk as error:
            self._tell(f"no small disk ({error}): files may not grow instead")
            return
        self._stack.callback(disk.unmount)
        shutil.move(file, disk.place / file.name)
        file.symlink_to(disk.place / file.name)
        self.disk = disk


class DiskFull(Fault):
    """Nothing can be written to the database."""

    name = "disk-full"
    about = "the disk of the embedded database is full for a while"

    def make_world(self, plan: Plan, shops: ShopsFile, say: Say) -> World:
        """Put the database on a small disk."""
        return SmallWorld(plan, shops, say)

    async def inject(self, stage: Stage) -> None:
        """Fill it."""
        assert isinstance(stage.world, SmallWorld)
        if stage.world.disk is not None:
            await asyncio.to_thread(stage.world.disk.fill)
        else:
            _limit_growth(stage, (0, resource.RLIM_INFINITY))

    async def lift(self, stage: Stage) -> None:
        """Make room."""
        assert isinstance(stage.world, SmallWorld)
        if stage.world.disk is not None:
            await asyncio.to_thread(stage.world.disk.free)
        else:
            _limit_growth(stage, UNLIMITED)

    def figures(self, stage: Stage, seen: Seen) -> dict[str, Any]:
        """Tell who was served without a database to write to."""
        return meanwhile(stage, seen)

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Nobody noticed but `/readyz`; nothing was lost."""
        return unnoticed(figures)


def _limit_growth(stage: Stage, limits: tuple[int, int]) -> None:
    """Say how large the engine's files may become."""
    assert stage.world.engine is not None
    parent = psutil.Process(stage.world.engine.pid)
    for process in (parent, *parent.children(recursive=True)):
        process.rlimit(psutil.RLIMIT_FSIZE, limits)


FAULT = DiskFull()
