"""
The command line: `callengine COMMAND`.

Each command lives in a module of `callengine.boot.commands` that is imported only when
the command is called, so that `callengine --help` is quick. A command whose module is
not there is not shown.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 wrong settings, 4 another engine has
taken over, 5 done but for what was not understood, 130 interrupted.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from callengine import __version__

if TYPE_CHECKING:
    from callengine.boot.secrets import Secrets
    from callengine.boot.settings import Settings

FAILED = 1
WRONG_USE = 2
WRONG_SETTINGS = 3
FENCED = 4
INTERRUPTED = 130


class CommandFailed(Exception):
    """Ends a command with one clear sentence and an exit code, no traceback."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class Entry:
    """
    Where a command is.

    `attribute` of the module is a function (one command) or a `typer.Typer` (a group).
    Functions may take `context: typer.Context`; `context.obj` is an `Invocation`.
    """

    module: str
    attribute: str
    help: str


_HERE = "callengine.boot.commands"

COMMANDS: dict[str, Entry] = {
    "init": Entry(
        f"{_HERE}.init", "init", "Lay out an instance, or bring one up to date."
    ),
    "run": Entry(f"{_HERE}.run", "run", "Run the engine until interrupted."),
    "pbx": Entry(f"{_HERE}.pbx", "pbx", "Install, start, stop and ask Asterisk."),
    "provision": Entry(
        f"{_HERE}.pbx", "provision", "Write agents and queues into Asterisk."
    ),
    "trunks": Entry(
        f"{_HERE}.trunks", "trunks", "Show how each trunk does; keep its password."
    ),
    "apply": Entry(
        f"{_HERE}.data", "apply", "Create or update shops and agents from a file."
    ),
    "check": Entry(
        f"{_HERE}.data", "check", "Explain what is wrong in a file for `apply`."
    ),
    "migrate": Entry(f"{_HERE}.data", "migrate", "Bring the database up to date."),
    "orders": Entry(f"{_HERE}.orders", "orders", "Import orders from a file."),
    "outbox": Entry(
        f"{_HERE}.outbox", "outbox", "Messages to shops: list, show, replay, resume."
    ),
    "backup": Entry(f"{_HERE}.backup", "backup", "Save all that cannot be made anew."),
    "restore": Entry(f"{_HERE}.backup", "restore", "Put a backup back."),
    "dnc": Entry(f"{_HERE}.dnc", "dnc", "Numbers that asked not to be called."),
    "secrets": Entry(
        f"{_HERE}.secrets", "secrets", "Name secrets, and make one of them anew."
    ),
    "why": Entry(
        f"{_HERE}.why", "why", "Explain a call, or why an order was not dialled."
    ),
    "doctor": Entry(
        "callengine.boot.doctor", "doctor", "Say what is missing or too old."
    ),
}


@dataclass(slots=True)
class Invocation:
    """The options given before the command; settings are read when first asked for."""

    config: Path | None = None
    log_json: bool | None = None
    log_level: str | None = None
    _settings: "Settings | None" = None

    def settings(self) -> "Settings":
        """Read the settings, and set up the logs with them. Raises `SettingsError`."""
        if self._settings is None:
            from callengine.boot.logs import configure_logs
            from callengine.boot.settings import load_settings

            self._settings = load_settings(self.config)
            configure_logs(
                json_lines=self.log_json,
                level=self.log_level or self._settings.log.level,
                show_pii=self._settings.log.pii == "show",
            )
        return self._settings

    def folder(self) -> Path:
        """Where the settings file is, or else where we are. Raises `SettingsError`."""
        from callengine.boot.settings import settings_file

        file = settings_file(self.config)
        return file.absolute().parent if file else Path.cwd()

    def secrets(self) -> "Secrets":
        """Read, or make, this installation's secrets. Raises `SecretsError`."""
        from callengine.boot.secrets import load_secrets

        return load_secrets(self.settings().var_dir)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"callengine {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", envvar="CALLENGINE_CONFIG", help="Settings file (TOML)."
        ),
    ] = None,
    log_json: Annotated[
        bool,
        typer.Option(
            "--log-json", envvar="CALLENGINE_LOG_JSON", help="Log JSON on a terminal."
        ),
    ] = False,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Telephony engine of a contact centre that serves online shops."""
    if log_level not in {None, "debug", "info", "warning", "error"}:
        raise typer.BadParameter("--log-level is debug, info, warning or error.")
    context.obj = Invocation(config, log_json or None, log_level)


def build_app(wanted: Sequence[str]) -> typer.Typer:
    """
    Make the command line, importing only the commands named in `wanted`.

    The others are there for the help text.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for name, entry in COMMANDS.items():
        if importlib.util.find_spec(entry.module) is None:
            continue
        target: Any = _unloaded
        if name in wanted:
            target = getattr(importlib.import_module(entry.module), entry.attribute)
        _register(app, name, entry, target)
    return app


def _register(
    app: typer.Typer, name: str, entry: Entry, target: typer.Typer | Callable[..., Any]
) -> None:
    if isinstance(target, typer.Typer):
        shows_itself = target.info.invoke_without_command is True
        app.add_typer(
            target, name=name, help=entry.help, no_args_is_help=not shows_itself
        )
    else:
        app.command(name)(target) if target is not _unloaded else app.command(
            name, help=entry.help
        )(target)


def _unloaded() -> NoReturn:
    raise AssertionError("A command was called that was not loaded.")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        build_app(arguments)(arguments, prog_name="callengine")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        text, exit_code = _last_words(error, arguments)
        print(f"callengine: {text}", file=sys.stderr)
        sys.exit(exit_code)
    sys.exit(0)


def _undecodable(words: Sequence[str]) -> bool:
    """Whether Python could not read a word, and keeps its bytes as surrogates."""
    return any("\udc80" <= sign <= "\udcff" for word in words for sign in word)


def _last_words(error: Exception, arguments: Sequence[str]) -> tuple[str, int]:
    """The sentence and the exit code of an expected failure; others are raised."""
    from callengine.boot.secrets import SecretsError
    from callengine.boot.settings import SettingsError

    if isinstance(error, CommandFailed):
        return str(error), error.exit_code
    if isinstance(error, SettingsError | SecretsError):
        return str(error), WRONG_SETTINGS
    if isinstance(error, UnicodeEncodeError) and _undecodable(arguments):
        return "an argument is no UTF-8 text", WRONG_USE
    raise error
