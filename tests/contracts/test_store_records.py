"""Every ledger keeps records once and gives them back as they were."""

from callengine.core.ids import AgentId, CallId, ChannelId
from callengine.core.records import DecisionRecord, LegRecord
from tests.support.stores import NOON, Bench, call_record

DECISION = DecisionRecord(
    at=NOON + 1,
    kind="routing",
    call=CallId("call-1"),
    chosen="a01",
    reason="longest idle with every skill",
    detail={"candidates": ["a01", "a02"], "excluded": {"a02": "lang.ru 3<5"}, "n": 1.5},
)


def full_call(call: str = "call-1") -> object:
    """A call with legs and events."""
    return call_record(
        call,
        legs=(
            LegRecord(
                channel=ChannelId("1763.7"),
                role="customer",
                started_at=NOON,
                answered_at=NOON,
                ended_at=NOON + 60,
                cause=16,
            ),
            LegRecord(
                channel=ChannelId(f"{call}.agt.1"),
                role="agent",
                agent=AgentId("a01"),
                started_at=NOON + 1,
                ringing_at=NOON + 1.5,
                answered_at=NOON + 4,
                ended_at=NOON + 60,
                cause=16,
                sip_code=200,
            ),
        ),
        events=((NOON, "arrived", ""), (NOON + 1, "queued", "Очередь 1")),
        off_skill="nobody with region.ru-mow",
    )


async def test_a_call_is_given_back_as_it_was(bench: Bench) -> None:
    call = full_call()
    await bench.ledger.record([call], (), [DECISION])  # type: ignore[list-item]
    history = await bench.archive.why(CallId("call-1"))

    assert history is not None
    assert history.call == call
    assert history.decisions == (DECISION,)
    assert (history.attempts, history.disposition) == ((), None)


async def test_the_same_batch_twice_is_once(bench: Bench) -> None:
    call = full_call()
    for _ in range(2):
        await bench.ledger.record([call], (), [DECISION])  # type: ignore[list-item]
    history = await bench.archive.why(CallId("call-1"))

    assert history is not None
    assert history.call == call
    assert history.decisions == (DECISION,)


async def test_a_batch_of_hundreds_is_kept_whole(bench: Bench) -> None:
    calls = [full_call(f"call-{n}") for n in range(300)]
    decisions = [
        DecisionRecord(
            at=NOON + n, kind="routing", call=CallId(f"call-{n}"), chosen="", reason=""
        )
        for n in range(300)
    ]
    await bench.ledger.record(calls, (), decisions)  # type: ignore[arg-type]

    last = await bench.archive.why(CallId("call-299"))
    assert last is not None
    assert last.call == calls[-1]
    assert last.decisions == (decisions[-1],)


async def test_an_empty_batch_is_nothing(bench: Bench) -> None:
    await bench.ledger.record((), (), ())

    assert await bench.archive.why(CallId("call-1")) is None
    assert await bench.archive.why(CallId("x" * 1000)) is None


async def test_a_decision_without_a_call_is_kept_too(bench: Bench) -> None:
    pacing = DecisionRecord(
        at=NOON, kind="pacing", call=None, chosen="2", reason="two agents are free"
    )
    await bench.ledger.record((), (), [pacing, DECISION])
    history = await bench.archive.why(CallId("call-1"))

    assert history is not None
    assert history.decisions == (DECISION,)
