"""The demo's terminal page can be drawn at any moment, the first one too."""

from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from sim.demo.dashboard import picture
from sim.demo.run import Stage

FULL: dict[str, Any] = {
    "agents": {"ready": 3, "wrap_up": 1},
    "calls": {"talking": 2},
    "orders": {"confirmed": 5},
    "ended": {"inbound.answered": 7},
    "outcomes": {"no_answer": 2},
    "latency_ms": {"arrival_to_ring": {"p50": 12.0, "p95": 40.4, "p99": None}},
}


def stage() -> Stage:
    """A demo that has only begun."""
    ledger = SimpleNamespace(taken=[], bad_signatures=0)
    return cast(
        Stage,
        SimpleNamespace(
            began=0.0,
            world=SimpleNamespace(receiver=SimpleNamespace(ledger=ledger)),
            traffic=SimpleNamespace(sent=[]),
            staff=SimpleNamespace(log=SimpleNamespace(saved=[])),
        ),
    )


@pytest.mark.parametrize("width", [60, 160])
@pytest.mark.parametrize("floor", [{}, FULL], ids=["nothing yet", "everything"])
def test_the_page_is_drawn_at_any_moment_and_width(
    floor: dict[str, Any], width: int
) -> None:
    console = Console(width=width, record=True, file=StringIO())
    console.print(picture(stage(), floor))
    shown = console.export_text()
    assert "latencies" in shown
    if floor:
        assert "wrap up" in shown
        assert "no answer" in shown
