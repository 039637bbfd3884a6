"""
A tiny engine under the real parent, for `test_keeper`: `kept.py FOLDER DEED...`.

Each start takes the next deed from the arguments; the last one is done again and again:
`serve` (beat for ever), `loop` (beat, then never return to the loop), `crash` (end by
a signal), `fail` (exit code 1 before ready), `late` (ready, then code 1), `deaf` (beat
on, whatever signal comes), `ignore` (a loop that also ignores SIGTERM).
"""

import asyncio
import faulthandler
import os
import signal
import sys
from pathlib import Path

from callengine.boot.heart import Heart
from callengine.boot.keeper import Keeper
from callengine.boot.logs import configure_logs


def main() -> None:
    """Run the parent; in the child do the deed of this start."""
    folder, deeds = Path(sys.argv[1]), sys.argv[2:]
    configure_logs(json_lines=True)
    fate = Keeper().keep()
    if not isinstance(fate, Heart):
        (folder / "parent-ended").write_text(str(fate))
        sys.exit(fate)
    starts = folder / "starts"
    number = len(starts.read_text().split()) if starts.exists() else 0
    with starts.open("a") as file:
        file.write(f"{os.getpid()}\n")
    faulthandler.register(signal.SIGUSR1)
    asyncio.run(do(deeds[min(number, len(deeds) - 1)], fate))


async def do(deed: str, heart: Heart) -> None:
    """Do as told."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if deed in ("deaf", "ignore"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        loop.add_signal_handler(signal.SIGTERM, stop.set)
    if deed == "fail":
        sys.exit(1)
    heart.start()
    heart.ready()
    if deed in ("crash", "late", "loop", "ignore"):
        await asyncio.sleep(0.3)
    if deed == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "late":
        sys.exit(1)
    if deed in ("loop", "ignore"):
        never_returns()
    await stop.wait()


def never_returns() -> None:
    """Do what the parent must notice."""
    while True:
        pass


main()
