"""What `callengine why` prints: everything that decided, readable for a supervisor."""

import io
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from callengine.boot.sections import ApiSettings
from callengine.boot.settings import Settings
from callengine.boot.why.live import ask_engine, live_story
from callengine.boot.why.parts import lasted
from callengine.boot.why.printing import plain_lines, print_story
from callengine.boot.why.story import story_of
from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, AttemptId, CallId, ChannelId, OrderId, ShopId
from callengine.core.records import (
    AttemptRecord,
    CallRecord,
    DecisionRecord,
    LegRecord,
    Outcome,
)
from callengine.engine.ports import CallHistory, DeliveryAgreement, SavedDisposition

UTC = ZoneInfo("UTC")
NOON = 1_795_262_400.0
CALL = CallId("c1")

DETAIL: dict[str, Any] = {
    "sought": "caller",
    "way": "relaxed",
    "needed": "lang.ru>=5 and tech>=5",
    "met": "lang.ru>=5",
    "step": 1,
    "relaxed": "tech>=5 dropped: waited 10 s",
    "waited_s": 12.5,
    "clock_s": 10.0,
    "credit_s": 60.0,
    "score_s": 72.5,
    "idle_s": 0.0,
    "band": 1,
    "margin": None,
    "able_free": 2,
    "free": 3,
    "waiting": 4,
    "candidates": [
        {"agent": "vera", "band": 0, "idle_s": 3.0},
        {"agent": "boris", "band": 1, "idle_s": 90.0},
    ],
    "rivals": [{"call": "c2", "waited_s": 4.0, "credit_s": 0.0, "on_skill": True}],
    "excluded": [["anna", "did not answer this call"]],
    "rules": ["everybody", "technical line"],
    "rules_version": 7,
    "points": [["phones", 4.25]],
    "ladder": [
        {"after_s": 0.0, "needs": "lang.ru>=5 and tech>=5", "why": "", "spare": None},
        {
            "after_s": 10.0,
            "needs": "lang.ru>=5",
            "why": "tech>=5 dropped",
            "spare": None,
        },
    ],
}


def decision(**changes: Any) -> DecisionRecord:
    """A routing decision."""
    return DecisionRecord(
        at=NOON + 12.5,
        kind="routing",
        call=CALL,
        chosen="vera",
        reason="the agent became free; tech>=5 dropped: waited 10 s",
        detail={**DETAIL, **changes},
    )


def history(*decisions: DecisionRecord) -> CallHistory:
    """Everything on record of a call."""
    leg = LegRecord(
        channel=ChannelId("ch1"),
        role="customer",
        started_at=NOON,
        answered_at=NOON,
        ended_at=NOON + 100,
        cause=16,
    )
    return CallHistory(
        call=CallRecord(
            call=CALL,
            shop=ShopId("teplo"),
            direction="inbound",
            number="+79161234567",
            dialled_number="+74950000101",
            customer=None,
            order=None,
            agent=AgentId("vera"),
            requirement="lang.ru>=5 and tech>=5",
            enqueued_at=NOON,
            answered_at=NOON,
            bridged_at=NOON + 15,
            ended_at=NOON + 100,
            ending="answered",
            off_skill="tech>=5 dropped: waited 10 s",
            legs=(leg,),
            events=((NOON, "arrived", "+74950000101"),),
        ),
        decisions=decisions,
    )


PLAIN = """\
inbound call c1 of shop teplo: answered by vera
  began      12:00:00.000 (UTC), waited 15 s, talked 1 min 25 s
  asked for  lang.ru>=5 and tech>=5
  off skill  tech>=5 dropped: waited 10 s
  12:00:12.500  offered to vera
    because    the agent became free; tech>=5 dropped: waited 10 s
    by         meets what was still asked for after waiting
    rank       waited 12 s + credit 1 min = score 1 min 12 s
    choice     2 able agents of 3 free; 4 callers waiting
    rules      everybody, technical line  (version 7)
    buys       phones 4.2
    not asked  anna (did not answer this call)
    asked for, step by step:
      from   an agent needs          given up         open to
      start  lang.ru>=5 and tech>=5  -                all
      10 s   lang.ru>=5              tech>=5 dropped  all  <
    candidates, best first:
      agent  level band  idle for
      vera   best        3.0 s  <
      boris  2           1 min 30 s
    callers who could have had this agent:
      call  waited  credit  on skill
      c2    4.0 s   0.0 s   yes
  what happened
    at            after    event    detail
    12:00:00.000  0.000 s  arrived  +74950000101
  legs
    role      agent  rang  answered      ended         cause  channel
    customer  -      -     12:00:00.000  12:01:40.000  16     ch1
"""


def test_plain_text_tells_rules_steps_candidates_excluded_and_score() -> None:
    story = story_of(history(decision()), UTC)
    assert "\n".join(plain_lines(story)) + "\n" == PLAIN


def printed(console: Console, *decisions: DecisionRecord) -> str:
    """What a console shows."""
    print_story(story_of(history(*decisions), UTC), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_plain_text_whatever_its_width() -> None:
    console = Console(file=io.StringIO(), width=20, highlight=False)
    assert printed(console, decision()) == PLAIN


def test_a_terminal_gets_a_tree_that_fits() -> None:
    console = Console(
        file=io.StringIO(), force_terminal=True, width=100, color_system=None
    )
    told = printed(console, decision())
    assert "├── 12:00:12.500  offered to vera" in told
    assert "technical line" in told
    assert max(len(line) for line in told.splitlines()) <= 100


def test_markup_in_names_is_text() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    told = printed(console, decision(rules=["[/] [red]odd[/red]"]))
    assert "[red]odd[/red]" in told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rules": []}, "rules      none hold; the requirement comes from shop"),
        ({"way": "spare", "margin": 1.5}, "1.5 agents beyond what their callers need"),
        ({"way": "preferred"}, "by         preferred for this customer"),
        ({"credit_s": 0.0}, "rank       waited 12 s\n"),
    ],
)
def test_what_decided_is_told_in_words(changes: dict[str, Any], said: str) -> None:
    story = story_of(history(decision(**changes)), UTC)
    assert said in "\n".join(plain_lines(story)) + "\n"


def test_decisions_of_other_kinds_and_older_ones_are_told_as_they_are() -> None:
    other = DecisionRecord(
        at=NOON, kind="pacing", call=CALL, chosen="dial", reason="one free", detail={}
    )
    old = DecisionRecord(
        at=NOON,
        kind="routing",
        call=CALL,
        chosen="vera",
        reason="longest idle",
        detail={"idle_s": 3, "of": ["vera", "anna"]},
    )
    told = "\n".join(plain_lines(story_of(history(other, old), UTC)))
    assert "12:00:00.000  pacing: dial\n    because  one free" in told
    assert '    of       ["vera", "anna"]' in told


def test_a_call_in_progress_has_its_decisions_already() -> None:
    story = story_of(CallHistory(call=None, decisions=(decision(),)), UTC)
    told = "\n".join(plain_lines(story))
    assert "not over yet" in told
    assert "offered to vera" in told


def test_attempts_and_disposition_are_told() -> None:
    attempt = AttemptRecord(
        attempt=AttemptId("a"),
        order=OrderId("o"),
        shop=ShopId("teplo"),
        call=CALL,
        number="+79161234567",
        tries=2,
        started_at=NOON,
        answered_at=None,
        bridged_at=None,
        ended_at=NOON + 20,
        outcome=Outcome.BUSY,
        cause=17,
        sip_code=486,
        ring_s=0.0,
        agent=None,
        next_try_at=NOON + 300,
        rule="busy: after 300 s",
    )
    said = SavedDisposition(
        call=CALL,
        agent=AgentId("vera"),
        shop=ShopId("teplo"),
        customer=None,
        order=OrderId("o"),
        disposition=Disposition.CONFIRMED,
        note="[gate 2]",
        delivery=DeliveryAgreement(
            method="courier", address="Lesnaya 7", date="2026-11-22"
        ),
        at=NOON,
    )
    found = CallHistory(call=history().call, attempts=(attempt,), disposition=said)
    told = "\n".join(plain_lines(story_of(found, UTC)))
    assert "2    12:00:00.000  busy     486  17     0.0 s  busy: after 300 s" in told
    assert "disposition: confirmed" in told
    assert "courier, Lesnaya 7, 2026-11-22" in told


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60.0, "1 min"),
        (200.0, "3 min 20 s"),
        (3_900.0, "1 h 5 min"),
    ],
)
def test_durations_are_written_as_people_say_them(
    seconds: float | None, said: str
) -> None:
    assert lasted(seconds) == said


# --- a call in progress ------------------------------------------------------------

LIVE = {
    "state": "waiting",
    "needs": "lang.ru>=5 and tech>=5",
    "rules": ["everybody", "technical line"],
    "waited_s": 42.3,
    "expected_wait_s": {"from": 30, "to": 90},
    "agents": {"anna": "lacks tech>=5; able after 60 s of waiting", "vera": "is busy"},
    "events": [[NOON, "arrived", "+74950000101"]],
}
LIVE_PLAIN = """\
call c1: waiting
  asks for  lang.ru>=5 and tech>=5
  rules     everybody, technical line
  waited    42 s
  expected  between 30 s and 1 min 30 s more
  agent  why they do not have it
  anna   lacks tech>=5; able after 60 s of waiting
  vera   is busy
  what happened so far
    at            event    detail
    12:00:00.000  arrived  +74950000101
"""


def test_of_a_caller_who_waits_every_agents_reason_is_told() -> None:
    told = "\n".join(plain_lines(live_story("c1", LIVE, UTC))) + "\n"
    assert told == LIVE_PLAIN


def test_where_little_is_known_no_wait_is_promised() -> None:
    told = "\n".join(
        plain_lines(live_story("c1", {**LIVE, "expected_wait_s": None}, UTC))
    )
    assert "too little is known" in told


async def test_the_engine_is_asked_with_the_admins_token() -> None:
    asked: list[tuple[str, str]] = []

    async def why(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers["Authorization"]))
        if request.match_info["call"] != "c 1":
            return web.json_response({"error": "unknown_call"}, status=404)
        return web.json_response({"call": "c 1", "live": LIVE, "history": None})

    app = web.Application()
    app.router.add_get("/api/v1/calls/{call}/why", why)
    async with TestServer(app, host="127.0.0.1") as server:
        settings = Settings(api=ApiSettings(host="0.0.0.0", port=server.port or 0))
        answer = await ask_engine(settings, "secret", "c 1")
        assert answer["live"]["state"] == "waiting"
        assert await ask_engine(settings, "secret", "other") is None
    assert asked[0] == ("/api/v1/calls/c 1/why", "Bearer secret")
    assert await ask_engine(settings, "secret", "c 1") is None
