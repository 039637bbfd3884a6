"""
The command line of the proving ground: `python -m sim COMMAND`.

With `--json` the last line of the output is one JSON object. Exit codes: 0 every
check holds, 1 some check does not, 2 wrong use or a system that cannot be brought
up, 130 interrupted.
"""

from pathlib import Path
from typing import Annotated

import typer

from sim.bench.inbound import BenchOptions, bench_inbound
from sim.bench.report import APP_QUEUE
from sim.centre.command import day_
from sim.commands import AsJson, Folder, Seed, finish, make_app, run
from sim.demo.command import demo_
from sim.demo.dashboard import Dashboard, print_checks
from sim.faults.bench import run_fault
from sim.faults.fault import FaultOptions
from sim.faults.registry import fault_names, find_fault
from sim.livedialer.board import Board
from sim.livedialer.run import AUTO, LiveOptions, live_dialer
from sim.livedialer.twin import POLICIES
from sim.soak.run import SoakOptions, soak
from sim.worlds import commands_dialer, commands_routing

app = make_app()


@app.callback()
def _commands() -> None:
    """Simulated people on real SIP: the demo, benchmarks, endurance and faults."""


app.command("demo")(demo_)

bench_app = typer.Typer(no_args_is_help=True, help="Measure beside a known peer.")
app.add_typer(bench_app, name="bench")


@bench_app.callback()
def _benchmarks() -> None:
    """Measure beside a known peer."""


bench_app.command("routing")(commands_routing.bench_routing)
app.add_typer(commands_routing.app, name="routing")
app.command("dialer")(commands_dialer.dialer_)
app.command("clock")(commands_dialer.clock_)
app.command("day")(day_)


@bench_app.command("inbound")
def bench_inbound_(
    peer: Annotated[str, typer.Option(help="Only app_queue is known.")] = "app_queue",
    json_: AsJson = False,
    seed: Seed = 1,
    folder: Folder = Path("var/bench"),
    first: Annotated[float, typer.Option(min=1, help="First rate, calls/s.")] = 20,
    stride: Annotated[float, typer.Option(min=1, help="Calls/s per step.")] = 20,
    ceiling: Annotated[float, typer.Option(min=1, help="Highest rate tried.")] = 200,
    step_s: Annotated[float, typer.Option(min=2, help="Seconds per step.")] = 10,
) -> None:
    """Callers through the engine and through native Queue(), turn by turn."""
    if peer != APP_QUEUE:
        raise typer.BadParameter(f"no such peer: {peer}; only {APP_QUEUE}")
    options = BenchOptions(
        first=first,
        stride=stride,
        ceiling=ceiling,
        step_s=step_s,
        seed=seed,
        folder=folder,
    )
    with Dashboard() as dashboard:
        report = run(bench_inbound(options, dashboard.say))
    print_checks(report, dashboard.console)
    finish(report, json_)


@app.command("soak")
def soak_(
    minutes: Annotated[float, typer.Option(min=0.2, help="Length of the load.")] = 20,
    rate: Annotated[float, typer.Option(min=0.1, help="Calls and orders a s.")] = 5,
    json_: AsJson = False,
    seed: Seed = 1,
    folder: Folder = Path("var/soak"),
) -> None:
    """Calls and orders at a steady rate for long: nothing lost, nothing leaked."""
    options = SoakOptions(minutes=minutes, calls_per_s=rate, seed=seed, folder=folder)
    with Dashboard() as dashboard:
        report = run(soak(options, dashboard.say))
    print_checks(report, dashboard.console)
    finish(report, json_)


@app.command("live-dialer")
def live_dialer_(
    scenario: commands_dialer.Scenario = commands_dialer.Scenario.A,
    agents: Annotated[int, typer.Option(min=1, max=200, help="All of the run.")] = 20,
    minutes: Annotated[float, typer.Option(min=0.5, help="Measured.")] = 10,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds before that.")] = 90,
    orders: Annotated[int, typer.Option(min=1, help="All due at once.")] = 2000,
    policy: Annotated[str, typer.Option(help="Of the simulator; auto: look.")] = AUTO,
    earlier: Annotated[
        int, typer.Option(min=0, max=100_000, help="Attempts earlier in the day.")
    ] = 2000,
    json_: AsJson = False,
    seed: Seed = 1,
    folder: Folder = Path("var/live-dialer"),
) -> None:
    """The engine dials a list on real Asterisk, beside the simulator's same team."""
    if policy not in (AUTO, *POLICIES):
        raise typer.BadParameter(f"no such policy: {policy}; {', '.join(POLICIES)}")
    options = LiveOptions(
        scenario=scenario.value,
        agents=agents,
        minutes=minutes,
        warm_up_s=warm_up,
        seed=seed,
        orders=orders,
        policy=policy,
        earlier=earlier,
        folder=folder,
    )
    with Board() as board:
        report = run(live_dialer(options, board.say, board.watch))
        board.show(report)
    print_checks(report, board.console)
    finish(report, json_)


@app.command("faults")
def faults_(
    name: Annotated[str, typer.Argument(help="Which; --list names them all.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="List them and end.")] = False,
    json_: AsJson = False,
    seed: Seed = 1,
    folder: Folder = Path("var/faults"),
    for_s: Annotated[
        float | None,
        typer.Option("--for-s", "--down-s", min=1, help="Seconds that it lasts."),
    ] = None,
    after_s: Annotated[float, typer.Option(min=5, help="Seconds after.")] = 25,
) -> None:
    """Break something on purpose, during traffic, and count what it cost."""
    if list_:
        for each in fault_names():
            print(f"{each:20} {find_fault(each).about}")
        return
    try:
        fault = find_fault(name)
    except KeyError:
        known = ", ".join(fault_names())
        raise typer.BadParameter(f"no such fault: {name!r}; {known}") from None
    options = FaultOptions(seed=seed, folder=folder, for_s=for_s, after_s=after_s)
    with Dashboard() as dashboard:
        report = run(run_fault(fault, options, dashboard.say))
    print_checks(report, dashboard.console)
    finish(report, json_)


def main() -> None:
    """Run the command line."""
    app(prog_name="python -m sim")


__all__ = ["app", "main", "print_checks"]
