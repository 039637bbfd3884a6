"""
What the commands of the proving ground share: options, signals, exit codes.

Nothing heavy is imported here: the demo is started to be looked at, and does not wait
for the modules of the studies.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from callengine.asterisk.pbx_config import PbxError
from callengine.engine.ports import StoreDown
from sim.phones.control import PhoneError
from sim.processes import ChildFailed
from sim.sipp.sounds import SoundsFailed
from sim.world.shops import BadShopsFile
from sim.world.world import WorldFailed

CANNOT = 2
INTERRUPTED = 130
EXPECTED = (
    PbxError,
    ChildFailed,
    SoundsFailed,
    BadShopsFile,
    WorldFailed,
    PhoneError,
    StoreDown,
    OSError,
)

AsJson = Annotated[
    bool, typer.Option("--json", help="End with one JSON object on the last line.")
]
Seed = Annotated[int, typer.Option(help="The same seed makes the same people.")]
Folder = Annotated[Path, typer.Option(help="Where the run lives; emptied first.")]


def make_app() -> typer.Typer:
    """Make a command line with our manners."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run(work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """Run to the end; SIGTERM takes everything down as Ctrl-C does."""
    try:
        return asyncio.run(_with_signals(work))
    except KeyboardInterrupt:
        print("interrupted; everything was taken down", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except asyncio.CancelledError:
        print("ended by a signal; everything was taken down", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except (*EXPECTED, ExceptionGroup) as error:
        failure = _first(error)
        if not isinstance(failure, EXPECTED):
            raise
        print(f"sim: {failure}", file=sys.stderr)
        sys.exit(CANNOT)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _with_signals(work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def finish(report: dict[str, Any], as_json: bool) -> NoReturn:
    """Print the JSON if asked for, and exit by the checks."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False), flush=True)
    raise typer.Exit(0 if report["ok"] else 1)
