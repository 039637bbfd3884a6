"""Whatever a store, a rule, a port or the core raises, the engine goes on."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from callengine.core import dispatch
from callengine.core.facts import ChannelRinging
from callengine.core.ids import AgentId
from callengine.engine.ports import StoreDown, StoreRefused
from callengine.testing.people import Person
from tests.support.engine_kit import Centre, virtually

ANNA = AgentId("anna")
PATIENT = Person(rings_after_s=0.05, answers_after_s=1.0, hangs_up_after_s=30.0)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What was logged."""
    with capture_logs() as lines:
        yield lines


@dataclass
class Kept:
    """What was set mishaps for a person to look at."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, entry: dict[str, Any]) -> None:
        """Keep it."""
        self.entries.append(entry)


class With:
    """A port of which some methods are others."""

    def __init__(self, inner: Any, **methods: Any) -> None:
        self._inner = inner
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class BadCrm:
    """A customer base with a row that cannot be read."""

    async def identify(self, *_: object) -> Any:
        """Fail as no port should."""
        raise ValueError("a row that cannot be read: +79160000001")


@virtually
async def test_a_look_up_that_fails_costs_the_caller_nothing() -> None:
    centre = Centre(mishaps=Kept())
    centre.crm = BadCrm()  # type: ignore[assignment]
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        centre.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(ANNA).state == "talking"
        assert engine.mishaps.counts["look-up"] == 1


@virtually
async def test_a_look_up_that_never_answers_costs_the_caller_its_budget() -> None:
    centre = Centre(takes_s=10**6)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        centre.calls_in()
        await asyncio.sleep(0.3 + 0.05 + 2.0 + 0.1)
        assert engine.agent_view(ANNA).state == "talking"


def test_a_fact_that_fails_is_set_aside_told_and_its_call_resolved(
    monkeypatch: pytest.MonkeyPatch, logs: list[Any]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("as planted")

    handlers = {**dispatch.HANDLERS, ChannelRinging: broken}
    monkeypatch.setattr(dispatch, "HANDLERS", handlers)

    @virtually
    async def story() -> None:
        centre = Centre(mishaps=Kept())
        async with centre.engine() as engine:
            await engine.become_ready(ANNA)
            channel = centre.calls_in()
            await asyncio.sleep(40)
            assert centre.running is not None
            assert not centre.running.done()
            assert not engine.pool.calls
            assert engine.agent_view(ANNA).state == "ready"
            left = [c for c in centre.telephony.commands if c.name == "leave"]
            assert [c.subject for c in left] == [channel]
            assert engine.floor()["mishaps"] == {"fact": 1}
            (record,) = centre.records
            assert record.ending == "fallback"
            assert [e["name"] for e in centre.mishaps.entries] == ["ChannelRinging"]

    story()
    (line,) = [line for line in logs if line["event"] == "mishap"]
    assert line["name"] == "ChannelRinging"
    assert line["log_level"] == "error"
    assert "ChannelRinging(" in line["pii_thing"]


@virtually
async def test_an_effect_that_fails_stops_no_other() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.1)

        def broken(*_: object) -> None:
            raise KeyError("a desktop nobody knows")

        engine._desktops = With(centre.desktops, show=broken)  # type: ignore[assignment]
        engine.connected(ANNA)
        centre.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(ANNA).state == "talking"
        assert engine.mishaps.counts["effect"] >= 1


@virtually
async def test_a_command_that_fails_as_no_port_should_is_no_silence() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await engine.become_ready(AgentId("boris"))
        await asyncio.sleep(0.1)
        once = iter([RuntimeError("of a library")])

        def watch() -> None:
            for error in once:
                raise error

        centre.telephony.watch = watch
        centre.calls_in()
        await asyncio.sleep(5)
        states = {engine.agent_view(AgentId(a)).state for a in ("anna", "boris")}
        assert "talking" in states


@virtually
async def test_a_record_the_database_refuses_costs_only_itself() -> None:
    centre = Centre(mishaps=Kept())
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        ledger = engine.recorder._ledger
        whole = ledger.record

        async def picky(calls: Any, *more: Any) -> None:
            if any(c.number == "+79160000002" for c in calls):
                raise StoreRefused("a value no column holds")
            await whole(calls, *more)

        engine.recorder._ledger = With(ledger, record=picky)  # type: ignore[assignment]
        for number in (1, 2, 3):
            centre.telephony.hang_up_far_end(centre.calls_in(f"+7916000000{number}"))
        await asyncio.sleep(10)
        numbers = sorted(str(record.number) for record in centre.records)
        assert numbers == ["+79160000001", "+79160000003"]
        assert len(engine.recorder) == 0
        assert centre.journalled("call") == []
        (kept,) = centre.mishaps.entries
        assert "+79160000002" in kept["thing"]


@virtually
async def test_an_attempt_the_database_refuses_leaves_its_order_with_an_instant() -> (
    None
):
    centre = Centre(mishaps=Kept())
    centre.telephony.default_person = PATIENT
    async with centre.engine() as engine:
        ledger = engine.recorder._ledger
        whole = ledger.record

        async def picky(calls: Any, attempts: Any, decisions: Any) -> None:
            if attempts:
                raise StoreRefused("a value no column holds")
            await whole(calls, attempts, decisions)

        engine.recorder._ledger = With(ledger, record=picky)  # type: ignore[assignment]
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(100)
        (order,) = centre.books.orders.values()
        assert order.attempt is None
        assert order.next_try_at is not None


@virtually
async def test_an_order_that_cannot_be_started_is_not_dialled() -> None:
    centre = Centre()
    async with centre.engine() as engine:

        async def refuses(*_: object) -> Any:
            raise StoreRefused("a value no column holds")

        ledger = engine.performer._ledger
        engine.performer._ledger = With(ledger, start_attempts=refuses)  # type: ignore[assignment]
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(10)
        assert not [c for c in centre.telephony.commands if c.name == "originate"]
        assert engine.agent_view(ANNA).state == "ready"
        assert engine.mishaps.counts["effect"] == 1


@virtually
async def test_a_look_that_always_fails_stops_no_other_look() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        assert engine.feeder is not None

        async def broken() -> int:
            raise TypeError("a row that cannot be read")

        directory = engine.feeder._directory
        engine.feeder._directory = With(directory, roster_version=broken)  # type: ignore[assignment]
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(10)
        assert [c for c in centre.telephony.commands if c.name == "originate"]
        assert engine.mishaps.counts["look"] == 1
        assert not engine.store_down


@virtually
async def test_a_task_that_ends_begins_again() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        failures = [RuntimeError("one"), RuntimeError("two")]
        whole = centre.telephony.living

        async def sometimes() -> Any:
            if failures:
                raise failures.pop()
            return await whole()

        centre.telephony.living = sometimes  # type: ignore[method-assign]
        await asyncio.sleep(120)
        assert not failures
        assert engine.mishaps.counts["task"] == 2
        assert centre.running is not None
        assert not centre.running.done()


@virtually
async def test_a_database_that_is_away_keeps_everything_for_later() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        ledger = engine.recorder._ledger
        whole = ledger.record
        away = True

        async def record(*batch: Any) -> None:
            if away:
                raise StoreDown("the database is starting up (57P03)")
            await whole(*batch)

        engine.recorder._ledger = With(ledger, record=record)  # type: ignore[assignment]
        for _ in range(3):
            centre.telephony.hang_up_far_end(centre.calls_in())
        await asyncio.sleep(60)
        assert engine.recorder.failing_since is not None
        assert "57P03" in engine.recorder.why
        away = False
        await asyncio.sleep(5)
        assert len(centre.records) == 3
        assert engine.recorder.failing_since is None
