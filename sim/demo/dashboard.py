"""The demo as a person watches it: a live table, or a line now and then."""

import sys
import time
from types import TracebackType
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from sim.demo.guest import GuestView
from sim.demo.run import Stage
from sim.demo.welcome import Invitation

LINE_EVERY_S = 5.0
_COUNTED = (
    "inbound",
    "outbound",
    "delivered",
    "pop_before_ring",
    "decisions",
    "orders_by_stage",
    "left_behind",
)
_LATENCIES = ("arrival_to_ring", "answer_to_agent", "order_to_first_dial")


class Dashboard:
    """Shows steps and the floor; live on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        # Everything for people goes to standard error: --json owns the output.
        self.console = console or Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._began = time.monotonic()
        self._next_line_at = 0.0

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str) -> None:
        """Print a step."""
        took_s = time.monotonic() - self._began
        self.console.print(f"[dim]{took_s:6.1f} s[/dim]  {text}", soft_wrap=True)

    def watch(self, stage: Stage, floor: dict[str, Any]) -> None:
        """Show the floor as it is now."""
        if self.console.is_terminal:
            if self._live is None:
                self._live = Live(console=self.console, refresh_per_second=4)
                self._live.start()
            self._live.update(picture(stage, floor))
        elif time.monotonic() >= self._next_line_at:
            self._next_line_at = time.monotonic() + LINE_EVERY_S
            self.say(line(stage, floor))


def line(stage: Stage, floor: dict[str, Any]) -> str:
    """Sum the floor up in a line."""
    parts = [
        f"calls {_counts(floor.get('calls'))}",
        f"agents {_counts(floor.get('agents'))}",
        f"orders {_counts(stage.orders(floor))}",
        f"told {len(stage.world.receiver.ledger.taken)}",
    ]
    return "; ".join(parts) if floor else "the engine does not answer"


def picture(stage: Stage, floor: dict[str, Any]) -> Group:
    """Lay the floor out in tables."""
    elapsed = time.monotonic() - stage.began
    ledger = stage.world.receiver.ledger
    tables = Table.grid(padding=(0, 2), expand=True)
    for _ in range(3):
        tables.add_column(ratio=1)
    tables.add_row(
        _table("agents", floor.get("agents")),
        _table("calls now", floor.get("calls")),
        _table("orders by stage", stage.orders(floor)),
    )
    tables.add_row(
        _table("calls ended", floor.get("ended")),
        _table("attempts by outcome", floor.get("outcomes")),
        _latencies(floor.get("latency_ms") or {}),
    )
    title = f"callengine demo, {elapsed:.0f} s"
    foot = (
        f"orders sent {len(stage.traffic.sent)}, dispositions saved"
        f" {len(stage.staff.log.saved)}, messages delivered {len(ledger.taken)},"
        f" bad signatures {ledger.bad_signatures}"
    )
    watched = Panel(tables, title=title, subtitle=foot)
    if stage.invitation is None:
        return Group(watched)
    # First: a low terminal shows only the beginning.
    return Group(_place(stage.invitation), watched)


def _place(invitation: Invitation) -> Panel:
    """Tell the person where their place is and what their phone does."""
    seen = invitation.guest.view()
    place = Table.grid(padding=(0, 2))
    place.add_column(style="dim")
    place.add_column()
    who = f"[b]{invitation.login}[/b]  password [b]{invitation.password}[/b]"
    place.add_row("agent page", f"{invitation.page}   log in as {who}, press Ready")
    place.add_row("phone", f"{invitation.phone_page}   {_phone(seen)}")
    return Panel(place, title="your place", title_align="left", border_style="green")


def _phone(seen: GuestView) -> str:
    """Say what the guest's phone does, and which key does what to it."""
    minutes, seconds = divmod(int(seen.for_s), 60)
    if seen.own_phone:
        return f"your own takes the calls: {escape(seen.own_phone)}"
    if seen.state == "ringing":
        return f"[b yellow]rings[/]: {escape(seen.caller)}   [b]a[/b] answers it"
    if seen.state == "talking":
        said = f"[b green]talking[/] {minutes}:{seconds:02d} with {escape(seen.caller)}"
        return f"{said}   [b]h[/b] hangs up"
    how = "answers by itself" if seen.answers_itself else "rings until you answer"
    return f"{how}   [b]r[/b] changes that"


def _table(title: str, counts: dict[str, int] | None) -> Table:
    table = Table(title=title, show_header=False, box=box.SIMPLE, expand=True)
    table.add_column("what")
    table.add_column("count", justify="right", style="bold")
    for name, count in (counts or {}).items():
        table.add_row(name.replace("_", " ").replace(".", " "), str(count))
    if not counts:
        table.add_row("[dim]none yet[/dim]", "")
    return table


def _latencies(latencies: dict[str, dict[str, Any]]) -> Table:
    table = Table(title="latencies, ms", box=box.SIMPLE, expand=True)
    table.add_column("")
    for name in ("p50", "p95"):
        table.add_column(name, justify="right")
    for name in _LATENCIES:
        figures = latencies.get(name, {})
        table.add_row(
            name.replace("_", " "), *(_ms(figures.get(p)) for p in ("p50", "p95"))
        )
    return table


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _counts(counts: dict[str, int] | None) -> str:
    shown = [f"{name} {n}" for name, n in (counts or {}).items() if n]
    return ", ".join(shown) or "none"


def print_report(report: dict[str, Any], console: Console) -> None:
    """Print figures and checks as tables."""
    figures = Table("", "", title="what happened", show_header=False)
    for name in _COUNTED:
        if name in report:
            figures.add_row(name, _counts_or_zero(report[name]))
    for name, spread in report.get("latency_ms", {}).items():
        shown = ", ".join(f"{p} {_ms(value)}" for p, value in spread.items())
        figures.add_row(f"{name}, ms", shown)
    console.print(figures)
    for line in report.get("why", ()):
        console.print(line, markup=False, highlight=False)
    print_checks(report, console)


def print_checks(report: dict[str, Any], console: Console) -> None:
    """Print the checks of any report."""
    checks = Table("check", "value", "goal", "", title="checks")
    for check in report["checks"]:
        mark = "[green]ok[/green]" if check["ok"] else "[red]NOT OK[/red]"
        checks.add_row(check["name"], str(check["value"]), check["goal"], mark)
    console.print(checks)
    for mishap in report.get("mishaps", ()):
        console.print(f"mishap: {mishap}", style="red", markup=False)
    sys.stderr.flush()


def _counts_or_zero(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())
