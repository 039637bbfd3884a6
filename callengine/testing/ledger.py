"""The `Ledger` and `Archive` ports in memory."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from callengine.core.compliance.budget import DayCount, day_began_at
from callengine.core.effects import PutLeadOff
from callengine.core.facts import Lead
from callengine.core.ids import AttemptId, CallId, Instant, OrderId, ShopId
from callengine.core.memory import (
    MOST_ATTEMPTS,
    CountedHour,
    FinishedAttempt,
    ShopMemory,
    window_began,
)
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord, Outcome
from callengine.core.roster import Roster, Shop
from callengine.engine.attempt_news import AttemptNews, dialled_news, ended_news
from callengine.engine.dispositions import (
    check_disposition,
    settle,
    unreachable_message,
)
from callengine.engine.orders import Stage, next_after_attempt, stage_after_attempt
from callengine.engine.ports import (
    CallHistory,
    DispositionRefused,
    OrderHistory,
    SavedDisposition,
)
from callengine.testing.books import MemoryBooks, MemoryOrder
from callengine.testing.order_changes import cancel_withdrawn

CALLBACK_SLACK_S = 300.0


def tell_news(books: MemoryBooks, news: AttemptNews) -> None:
    """Tell what happened to an attempt, to those who asked for it."""
    order = books.orders.get(news.order)
    if order is None:
        return
    for message in news.messages(order.read.order.number.strip()):
        books.tell(order, message, news.at)


@dataclass(slots=True)
class MemoryLedger:
    """Keeps records in the books."""

    books: MemoryBooks

    async def record(
        self,
        calls: Sequence[CallRecord],
        attempts: Sequence[AttemptRecord],
        decisions: Sequence[DecisionRecord],
    ) -> None:
        """Keep a batch; the same record twice is once."""
        for call in calls:
            self.books.calls.setdefault(call.call, call)
        for decision in decisions:
            if decision not in self.books.decisions:
                self.books.decisions.append(decision)
        for attempt in attempts:
            self.books.started.pop(attempt.attempt, None)
            self.books.attempts[attempt.attempt] = attempt
            tell_news(self.books, ended_news(attempt))
            self._move_order(attempt)

    def _move_order(self, attempt: AttemptRecord) -> None:
        order = self.books.orders.get(attempt.order)
        if order is None or order.attempt != attempt.attempt:
            return
        stage = stage_after_attempt(attempt.outcome, attempt.next_try_at)
        order.stage, order.attempt = stage.value, None
        order.next_try_at = next_after_attempt(
            attempt.outcome, attempt.ended_at, attempt.next_try_at
        )
        if order.withdrawn_at is not None:
            cancel_withdrawn(self.books, order, attempt.ended_at)
        elif stage is Stage.UNREACHABLE:
            self._tell_unreachable(order, attempt.ended_at, attempt.rule)

    def _tell_unreachable(self, order: MemoryOrder, at: Instant, why: str) -> None:
        terms = self.books.terms[order.shop]
        message = unreachable_message(terms, order.facts(), at, why)
        self.books.tell(order, message, at)

    async def put_off(self, leads: Sequence[PutLeadOff], now: Instant) -> None:
        """Release leads that may not be dialled now; see `Ledger`."""
        for lead in leads:
            order = self.books.orders.get(lead.order)
            if order is None or order.attempt != lead.attempt:
                continue
            order.attempt, order.next_try_at = None, lead.at
            order.held_rule, order.held_reason = lead.rule, lead.reason
            if lead.at is None:
                order.stage = Stage.UNREACHABLE.value
                self._tell_unreachable(order, now, lead.reason)

    async def start_attempts(
        self, leads: Sequence[Lead], at: Instant
    ) -> tuple[AttemptId, ...]:
        """Note attempts about to be dialled; those withdrawn come back."""
        withdrawn: list[AttemptId] = []
        for lead in leads:
            order = self.books.orders.get(lead.order)
            if order is None or order.attempt != lead.attempt:
                withdrawn.append(lead.attempt)
                continue
            order.stage, order.tries = Stage.DIALLING.value, lead.tries + 1
            order.held_rule = order.held_reason = ""
            self.books.started[lead.attempt] = (lead.order, at)
            tell_news(self.books, dialled_news(lead, at))
        return tuple(withdrawn)

    async def save_disposition(self, saved: SavedDisposition) -> None:
        """Keep a disposition and all that follows from it; see `Ledger`."""
        terms = self.books.terms.get(saved.shop)
        if terms is None:
            raise DispositionRefused("This shop is no longer served.")
        order = self.books.orders.get(saved.order) if saved.order else None
        if order is not None and order.shop != saved.shop:
            order = None
        check_disposition(saved, terms, order.facts() if order else None)
        self.books.dispositions[saved.call] = saved
        if order is None:
            return
        settlement = settle(saved, terms, order.facts())
        order.disposition, order.note = saved.disposition.value, saved.note
        if settlement.moves:
            order.stage, order.attempt = settlement.stage.value, None
            order.next_try_at = settlement.next_try_at
            if settlement.next_try_at is not None:
                order.dial_by_at = settlement.next_try_at + CALLBACK_SLACK_S
        order.delivery = settlement.delivery
        for message in settlement.messages:
            self.books.tell(order, message, saved.at)


@dataclass(slots=True)
class MemoryArchive:
    """Reads the books."""

    books: MemoryBooks

    async def orders_by_stage(self) -> dict[ShopId, dict[str, int]]:
        """Count orders per shop and stage."""
        counts: dict[ShopId, Counter[str]] = defaultdict(Counter)
        for order in self.books.orders.values():
            counts[order.shop][order.stage] += 1
        return {shop: dict(stages) for shop, stages in counts.items()}

    async def why(self, call: CallId) -> CallHistory | None:
        """Everything recorded about a call; None when nothing is."""
        attempts = self.books.attempts.values()
        history = CallHistory(
            call=self.books.calls.get(call),
            decisions=tuple(
                sorted(
                    (d for d in self.books.decisions if d.call == call),
                    key=lambda decision: decision.at,
                )
            ),
            attempts=tuple(a for a in attempts if a.call == call),
            disposition=self.books.dispositions.get(call),
        )
        return None if history == CallHistory(call=None) else history

    async def remembered(self, roster: Roster, now: Instant) -> tuple[ShopMemory, ...]:
        """Read counts and attempts of before; see `Archive`."""
        memories = (self._memory(roster, shop, now) for shop in roster.shops)
        return tuple(memory for memory in memories if memory is not None)

    def _memory(self, roster: Roster, shop: Shop, now: Instant) -> ShopMemory | None:
        mine = [a for a in self.books.attempts.values() if a.shop == shop.shop]
        if not mine:
            return None
        mine.sort(key=lambda attempt: attempt.started_at)
        began_at, limit = mine[0].started_at, roster.regime_of(shop).nuisance
        since = window_began(limit, shop.zone, began_at, now)
        hours: dict[int, list[AttemptRecord]] = defaultdict(list)
        for attempt in mine:
            if attempt.answered_at is not None and since <= attempt.answered_at <= now:
                hours[int(attempt.answered_at // 3600)].append(attempt)
        return ShopMemory(
            shop=shop.shop,
            began_at=began_at,
            counts=tuple(_counted(hours[h], limit.threshold_s) for h in sorted(hours)),
            attempts=tuple(_finished(attempt) for attempt in mine[-MOST_ATTEMPTS:]),
            today=_today(mine, shop, now),
        )

    async def why_order(self, key: str) -> OrderHistory | None:
        """Everything recorded about an order, by its id or that of an attempt."""
        books = self.books
        record = books.attempts.get(AttemptId(key))
        order = books.orders.get(record.order if record else OrderId(key))
        if order is None:
            return None
        attempts = (a for a in books.attempts.values() if a.order == order.order)
        decisions = (d for d in books.decisions if d.order == order.order)
        return OrderHistory(
            order=order.order,
            shop=order.shop,
            number=order.read.order.number.strip(),
            stage=order.stage,
            next_try_at=order.next_try_at,
            held_rule=order.held_rule,
            held_reason=order.held_reason,
            attempts=tuple(sorted(attempts, key=lambda a: a.started_at)),
            decisions=tuple(sorted(decisions, key=lambda d: d.at)),
        )


def _today(
    attempts: Sequence[AttemptRecord], shop: Shop, now: Instant
) -> DayCount | None:
    began_at = day_began_at(now, ZoneInfo(shop.zone))
    costs = [a.cost_minor for a in attempts if a.started_at >= began_at]
    if not costs:
        return None
    return DayCount(at=now, attempts=len(costs), cost_minor=sum(costs))

    async def orders_numbered(
        self, number: str, shop: ShopId | None = None
    ) -> tuple[tuple[OrderId, ShopId], ...]:
        """Find orders by the shop's own number."""
        found = [
            order
            for order in self.books.orders.values()
            if order.read.order.number.strip() == number and shop in (None, order.shop)
        ]
        found.sort(key=lambda order: order.received_at, reverse=True)
        return tuple((order.order, order.shop) for order in found)


def _counted(attempts: Sequence[AttemptRecord], threshold_s: float) -> CountedHour:
    """Count an hour's live answers: late is as bad as never."""
    answered = [a.answered_at for a in attempts if a.answered_at is not None]
    machines = sum(a.outcome is Outcome.MACHINE for a in attempts)
    served = sum(
        a.outcome is not Outcome.MACHINE
        and a.bridged_at is not None
        and a.answered_at is not None
        and a.bridged_at - a.answered_at <= threshold_s
        for a in attempts
    )
    return CountedHour(
        at=min(answered),
        served=served,
        nuisances=len(attempts) - machines - served,
        machines=machines,
    )


def _finished(attempt: AttemptRecord) -> FinishedAttempt:
    return FinishedAttempt(
        tries=attempt.tries,
        started_at=attempt.started_at,
        rang=attempt.ring_s > 0,
        answered_at=attempt.answered_at,
        bridged_at=attempt.bridged_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome,
        trunk=attempt.trunk,
        zone=attempt.zone,
    )
