"""`callengine run`."""

from typing import TYPE_CHECKING, Annotated

import typer

from callengine.boot.cli import FENCED, CommandFailed, Invocation
from callengine.boot.heart import Heart
from callengine.boot.keeper import Keeper
from callengine.boot.own_pid import Occupied, PidFile

if TYPE_CHECKING:
    from callengine.boot.secrets import Secrets
    from callengine.boot.settings import Settings


def run(
    context: typer.Context,
    alone: Annotated[
        bool,
        typer.Option(
            "--alone",
            help="No parent that watches: a hang stays a hang. For debuggers.",
        ),
    ] = False,
) -> None:
    """
    Run the engine until interrupted.

    Calls in progress stay up in Asterisk when it ends, and are taken over at the next
    start; new ones go to the fallback queue meanwhile. A small parent process watches
    the engine and starts another when it hangs or crashes.
    """
    invocation: Invocation = context.obj
    settings, secrets = invocation.settings(), invocation.secrets()
    own = _only_one(settings)
    heart = Heart()
    if not alone:
        fate = Keeper().keep()
        if not isinstance(fate, Heart):
            own.let_go()
            raise typer.Exit(fate)
        own.close()  # the parent's
        heart = fate
    _serve(settings, secrets, heart)


def _only_one(settings: "Settings") -> PidFile:
    """Lock the folder. Raises `CommandFailed` when an engine runs in it."""
    own = PidFile(settings.var_dir / "engine.pid")
    try:
        own.take()
    except Occupied as other:
        raise CommandFailed(
            f"An engine runs in {settings.var_dir} already, as process {other}."
            f" End it first (kill {other}), or give this one another var_dir and node."
        ) from None
    except OSError as error:
        raise CommandFailed(f"Cannot write {settings.var_dir}: {error}") from error
    return own


def _serve(settings: "Settings", secrets: "Secrets", heart: Heart) -> None:
    # Imported here: the parent needs none of it, and stays small.
    from callengine.boot.serving import serve
    from callengine.boot.wiring import Node

    try:
        serve(Node(settings, secrets), heart)
    except Exception as error:
        cause = _first(error)
        advice = _advice(cause, settings)
        if advice is None:
            raise
        text, exit_code = advice
        raise CommandFailed(f"{str(cause).rstrip('.')}. {text}", exit_code) from error


def _first(error: BaseException) -> BaseException:
    """Find what failed first; a group of tasks wraps it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _advice(error: BaseException, settings: "Settings") -> tuple[str, int] | None:
    """Say what to do about an expected failure, None when it is a defect of ours."""
    from callengine.engine.ports import Fenced, JournalDown, StoreDown
    from callengine.store.migrate import SchemaMismatch

    match error:
        case StoreDown():
            return "Check database_url, and that the database runs.", 1
        case JournalDown():
            return "Check redis_url, and that Redis runs.", 1
        case Fenced():
            another = f"Another engine runs as node {settings.node!r}"
            return f"{another}; stop one of them.", FENCED
        case SchemaMismatch():
            return "The engine needs the schema of its own version.", 1
        case OSError():
            address = f"{settings.api.host}:{settings.api.port}"
            return f"Is {address} free? `callengine doctor` names who has it.", 1
        case _:
            return None
