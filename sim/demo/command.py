"""`python -m sim demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.commands import AsJson, Folder, Seed, finish, make_app, run
from sim.demo.dashboard import Dashboard, print_report
from sim.demo.run import DemoOptions, run_demo
from sim.world.plan import DatabaseKind
from sim.world.shops import DEMO

Seconds = Annotated[
    float | None,
    typer.Option(min=5, help="Stop after so much traffic; default: Ctrl-C."),
]
Kind = Annotated[
    DatabaseKind, typer.Option(help="A file, or a PostgreSQL of the run's own.")
]
Restart = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="S",
        help="Restart PostgreSQL after so many seconds of traffic.",
    ),
]


Answers = Annotated[
    bool,
    typer.Option(
        "--robot-answers/--i-answer",
        help="Whether the phone of the agent that is yours answers by itself.",
    ),
]


def demo_(
    seconds: Seconds = None,
    database: Kind = "sqlite",
    restart_database: Restart = None,
    robot_answers: Answers = True,
    json_: AsJson = False,
    seed: Seed = 1,
    folder: Folder = Path("var/demo"),
    shops: Annotated[Path, typer.Option(help="Shops and agents.")] = DEMO,
) -> None:
    """Ten agents, callers and orders through a whole system, with a report."""
    if restart_database is not None and database != "postgresql":
        raise typer.BadParameter("only postgresql can be restarted", param_hint="")
    options = DemoOptions(
        seconds=seconds,
        database=database,
        restart_database_s=restart_database,
        guest_answers_itself=robot_answers,
        seed=seed,
        folder=folder,
        shops=shops,
    )
    with Dashboard() as dashboard:
        report = run(run_demo(options, dashboard.say, dashboard.watch))
    print_report(report, dashboard.console)
    finish(report, json_)


def main() -> None:
    """Run only this command, without importing the others."""
    app = make_app()
    app.callback()(_commands)
    app.command("demo")(demo_)
    app(sys.argv[1:], prog_name="python -m sim")


def _commands() -> None:
    """Simulated people on real SIP."""
