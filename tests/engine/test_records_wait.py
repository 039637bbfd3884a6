"""Records outlive a database that is away: in memory, in a spool, over a restart."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from callengine.core.effects import PutLeadOff
from callengine.core.ids import AttemptId, CallId, OrderId
from callengine.core.records import CallRecord, DecisionRecord, Outcome
from callengine.engine import recorder as recorder_module
from callengine.engine.mishaps import Mishaps, NoKeeper
from callengine.engine.ports import StoreDown, StoreRefused
from callengine.engine.recorder import Recorder
from callengine.engine.spool import Spool, packed, unpacked
from tests.support.engine_kit import virtually
from tests.support.pool_kit import make_lead
from tests.support.stores import NOON, TEPLO, attempt_of, call_record


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Failures are what these tests are about."""
    with capture_logs():
        yield


class Books:
    """A ledger that is away, refuses, or keeps."""

    def __init__(self) -> None:
        self.away = False
        self.refuses: set[str] = set()
        self.calls: list[str] = []
        self.decisions: list[str] = []
        self.put_off_: list[str] = []

    async def record(self, calls: Any, attempts: Any, decisions: Any) -> None:
        """Keep once."""
        if self.away:
            raise StoreDown("away")
        if any(c.call in self.refuses for c in calls):
            raise StoreRefused("no")
        self.calls += [c.call for c in calls if c.call not in self.calls]
        self.decisions += [d.chosen for d in decisions]

    async def put_off(self, leads: Sequence[PutLeadOff], now: float) -> None:
        """Keep."""
        if self.away:
            raise StoreDown("away")
        self.put_off_ += [lead.attempt for lead in leads]


class MemorySpool:
    """Lines in a list, for as long as there is room."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.room = 10**6

    async def append(self, lines: Sequence[bytes]) -> None:
        """Keep."""
        if len(lines) > self.room:
            raise OSError("No space left on device")
        self.lines += lines

    async def head(self, limit: int) -> list[bytes]:
        """Show."""
        return self.lines[:limit]

    async def done(self, lines: int) -> None:
        """Forget."""
        del self.lines[:lines]


def recorder_of(books: Books, spool: Spool, done: list[str]) -> Recorder:
    """A recorder on them."""
    return Recorder(
        books,  # type: ignore[arg-type]
        lambda calls: done.extend(calls),
        Mishaps(NoKeeper(), lambda: NOON),
        clock=lambda: NOON,
        spool=spool,
    )


def test_every_kind_of_record_comes_back_from_its_line() -> None:
    decision = DecisionRecord(
        at=1.0, kind="routing", call=CallId("c"), chosen="anna", reason="longest idle",
        detail={"steps": [[1, "x"]], "none": None},
    )  # fmt: skip
    put_off = PutLeadOff(
        attempt=AttemptId("a"), order=OrderId("o"), shop=TEPLO, at=None,
        reason="do not call", rule="dnc",
    )  # fmt: skip
    call = replace(call_record(), events=((1.5, "arrived", "+7495"),))
    attempt = attempt_of(make_lead(), Outcome.BUSY)
    for record in (call, attempt, decision, put_off):
        assert unpacked(packed(record)) == record


def test_a_line_that_is_no_record_is_told_apart() -> None:
    for line in (b"", b"{", b"[]", b'{"kind": "Nothing"}', b'{"kind": "CallRecord"}'):
        with pytest.raises(ValueError):
            unpacked(line)


@virtually
async def test_more_than_memory_should_hold_goes_to_the_spool_and_comes_back() -> None:
    books, spool, done = Books(), MemorySpool(), list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder_module, "MOST_IN_MEMORY", 100)
        recorder = recorder_of(books, spool, done)
        books.away = True
        running = asyncio.create_task(recorder.run())
        for number in range(1000):
            recorder.call(call_record(f"c{number:04}"))
        await asyncio.sleep(10)
        assert len(recorder._waiting) <= 100
        assert len(spool.lines) >= 900
        assert len(recorder) == 1000
        books.away = False
        await asyncio.sleep(10)
        running.cancel()
    assert books.calls == [f"c{number:04}" for number in range(1000)]
    assert done == books.calls
    assert (len(recorder), spool.lines) == (0, [])


@virtually
async def test_what_could_not_be_committed_at_the_end_is_committed_next_time() -> None:
    books, spool = Books(), MemorySpool()
    books.away = True
    first = recorder_of(books, spool, [])
    running = asyncio.create_task(first.run())
    first.call(call_record("c1"))
    await asyncio.sleep(5)
    running.cancel()
    await first.close(1.0)
    assert len(spool.lines) == 1

    books.away = False
    second = recorder_of(books, spool, [])
    running = asyncio.create_task(second.run())
    await asyncio.sleep(2)
    running.cancel()
    assert books.calls == ["c1"]
    assert spool.lines == []


@virtually
async def test_without_room_for_a_spool_memory_keeps_them() -> None:
    books, spool = Books(), MemorySpool()
    books.away, spool.room = True, 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder_module, "MOST_IN_MEMORY", 10)
        patch.setattr(recorder_module, "MOST_IN_ALL", 50)
        recorder = recorder_of(books, spool, [])
        running = asyncio.create_task(recorder.run())
        for number in range(60):
            recorder.call(call_record(f"c{number}"))
        await asyncio.sleep(5)
        assert len(recorder) == 50
        assert recorder.given_up == 10
        books.away = False
        await asyncio.sleep(5)
        running.cancel()
    assert len(books.calls) == 50


@virtually
async def test_one_refused_record_keeps_no_other_waiting() -> None:
    books, done = Books(), list[str]()
    books.refuses = {"c3", "c7"}
    recorder = recorder_of(books, MemorySpool(), done)
    running = asyncio.create_task(recorder.run())
    records: list[CallRecord] = [call_record(f"c{number}") for number in range(10)]
    for record in records:
        recorder.call(record)
    await asyncio.sleep(2)
    running.cancel()
    assert sorted(books.calls) == sorted({f"c{n}" for n in range(10)} - books.refuses)
    assert sorted(done) == sorted(record.call for record in records)


@virtually
async def test_a_broken_line_of_the_spool_keeps_no_other_waiting() -> None:
    books, spool = Books(), MemorySpool()
    spool.lines = [b"half a li", packed(call_record("c1")), b""]
    recorder = recorder_of(books, spool, [])
    running = asyncio.create_task(recorder.run())
    await asyncio.sleep(2)
    running.cancel()
    assert books.calls == ["c1"]
    assert spool.lines == []
