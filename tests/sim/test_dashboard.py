"""The demo's terminal page can be drawn at any moment, the first one too."""

from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from sim.demo.dashboard import line, picture
from sim.demo.guest import GuestView
from sim.demo.run import Stage
from sim.demo.welcome import Invitation

FULL: dict[str, Any] = {
    "agents": {"ready": 3, "wrap_up": 1},
    "calls": {"talking": 2},
    "orders": {"confirmed": 5},
    "ended": {"inbound.answered": 7},
    "outcomes": {"no_answer": 2},
    "latency_ms": {"arrival_to_ring": {"p50": 12.0, "p95": 40.4, "p99": None}},
}


def stage(**changes: Any) -> Stage:
    """A demo that has only begun."""
    ledger = SimpleNamespace(taken=[], bad_signatures=0)
    return Stage(
        world=cast(Any, SimpleNamespace(receiver=SimpleNamespace(ledger=ledger))),
        staff=cast(Any, SimpleNamespace(log=SimpleNamespace(saved=[]))),
        traffic=cast(Any, SimpleNamespace(sent=[])),
        began=0.0,
        **changes,
    )


def inviting(view: GuestView) -> Invitation:
    """An invitation to a place whose phone is as given."""
    return Invitation(
        guest=cast(Any, SimpleNamespace(view=lambda: view)),
        page="http://127.0.0.1:8080/desktop",
        phone_page="http://127.0.0.1:8081/secret/",
        login="a10",
        password="the-password",
        sip_password="the-sip-password",
        registrar="127.0.0.1:5060",
        dialled="+74950000101",
    )


def drawn(stage: Stage, floor: dict[str, Any], width: int = 160) -> str:
    console = Console(width=width, record=True, file=StringIO())
    console.print(picture(stage, floor))
    return console.export_text()


@pytest.mark.parametrize("width", [60, 160])
@pytest.mark.parametrize("floor", [{}, FULL], ids=["nothing yet", "everything"])
def test_the_page_is_drawn_at_any_moment_and_width(
    floor: dict[str, Any], width: int
) -> None:
    shown = drawn(stage(), floor, width)
    assert "latencies" in shown
    if floor:
        assert "wrap up" in shown
        assert "no answer" in shown


def test_the_customers_past_is_not_counted_among_the_runs_orders() -> None:
    floor = {"orders": {"received": 6348, "confirmed": 5, "cancelled": 1136}}
    begun = stage(past={"received": 6348, "cancelled": 1135})
    assert begun.orders(floor) == {"confirmed": 5, "cancelled": 1}
    assert "6348" not in line(begun, floor)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (GuestView(login="a10", answers_itself=True, own_phone=""), "answers by"),
        (GuestView(login="a10", answers_itself=False, own_phone=""), "until you"),
        (
            GuestView(
                login="a10",
                answers_itself=True,
                own_phone="",
                state="ringing",
                caller="+79430000001",
            ),
            "rings: +79430000001   a answers",
        ),
        (
            GuestView(
                login="a10",
                answers_itself=True,
                own_phone="",
                state="talking",
                caller="[b]x",
                for_s=65.0,
            ),
            "talking 1:05 with [b]x   h hangs up",
        ),
        (
            GuestView(login="a10", answers_itself=True, own_phone="sip:a10@[::1]:5"),
            "your own takes the calls: sip:a10@[::1]:5",
        ),
    ],
    ids=["waits", "waits for a person", "rings", "talks", "own phone"],
)
def test_the_guests_place_says_what_the_phone_does(view: GuestView, said: str) -> None:
    shown = drawn(stage(invitation=inviting(view)), FULL)
    assert "a10  password the-password" in shown
    assert said in shown


def test_every_line_of_an_invitation_names_what_it_needs() -> None:
    view = GuestView(login="a10", answers_itself=True, own_phone="")
    said = "\n".join(inviting(view).lines())
    for needed in ("the-password", "the-sip-password", "127.0.0.1:5060", "/desktop"):
        assert needed in said
