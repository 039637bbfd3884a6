"""A live run as a person watches it: a line that stays, or a line now and then."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sim.livedialer.run import Progress

LINE_EVERY_S = 15.0


class Board:
    """Shows how a run goes on; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self._began = time.monotonic()
        self._live: Live | None = None
        self._next_line_at = 0.0

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()

    def say(self, text: str) -> None:
        """Print a step."""
        took_s = time.monotonic() - self._began
        self.console.print(f"[dim]{took_s:6.1f} s[/dim]  {text}", soft_wrap=True)

    def watch(self, progress: Progress) -> None:
        """Show how it is now."""
        if self.console.is_terminal:
            if self._live is None:
                self._live = Live(console=self.console, refresh_per_second=2)
                self._live.start()
            self._live.update(line(progress))
        elif time.monotonic() >= self._next_line_at:
            self._next_line_at = time.monotonic() + LINE_EVERY_S
            self.say(line(progress))

    def show(self, report: Mapping[str, Any]) -> None:
        """Print the report for people."""
        self._stop()
        self.console.print(table_of(report))
        sys.stderr.flush()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def line(progress: Progress) -> str:
    """Sum up in a line."""
    agents = ", ".join(f"{n} {state}" for state, n in sorted(progress.agents.items()))
    calls = ", ".join(
        f"{n} {state}" for state, n in (progress.floor.get("calls") or {}).items() if n
    )
    what = "warming up" if progress.warming_up else "measuring"
    share = progress.utilisation
    busy = "" if share is None else f"; busy {100 * share:.1f} %"
    return (
        f"{what}, {progress.left_s:.0f} s left{busy}; agents: {agents};"
        f" calls: {calls or 'none'}"
    )


def table_of(report: Mapping[str, Any]) -> Table:
    """Lay the figures out."""
    table = Table("", "", title="the dialler, live", show_header=False)
    other = report["simulated"]["other_people"]
    table.add_row("utilisation", _percent(report["utilisation"]))
    table.add_row(
        f"simulated ({report['simulated']['policy']})",
        f"{_percent(report['simulated_utilisation'])}; other people"
        f" {_percent(other['utilisation'])}, windows from {_percent(other['least'])}"
        f" to {_percent(other['most'])}",
    )
    table.add_row("nuisance", _listed(report["nuisance"]))
    for name in ("answer_to_agent_ms", "attempts", "time_by_state", "cpu"):
        table.add_row(name.replace("_", " "), _listed(report[name]))
    for name, spread in report["delays_ms"].items():
        table.add_row(f"{name.replace('_', ' ')}, ms", _listed(spread))
    table.add_row("rang out, s", _listed(report["rang_out_s"]))
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _listed(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())
