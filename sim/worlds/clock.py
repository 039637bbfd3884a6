"""
A shop's day of orders against the clock: from order to logistics in 15 minutes.

Orders come by the hour of the day and in one promo surge that the team cannot answer at
once. The same agents dial the same orders by two rules: in the order of the list, or by
deadline (the production rank). Who is not reached is tried again by production rules.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from callengine.core.compliance.regime import every_day
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.records import Outcome
from callengine.core.recycling.plan import RecycleRules, plan_again
from callengine.core.recycling.urgency import (
    OrderClock,
    Rank,
    UrgencyRules,
    rank,
)
from sim.figures import percentile
from sim.worlds.dialer import HOUR_S, DialerWorld, Line
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import WARM

OPENS_S, CLOSES_S, CUT_OFF_S = 9 * HOUR_S, 21 * HOUR_S, 18 * HOUR_S
SURGE_S, SURGE_LASTS_S, SURGE_SHARE = 13 * HOUR_S, 0.5 * HOUR_S, 0.25
PROMISE_S = 900.0
HOURS, UTC = every_day(9, 21), ZoneInfo("UTC")
LAST_SHARE = 0.9
"""Of the day's opening hours in which orders still come."""


@dataclass(slots=True)
class Order:
    """One order and what became of it."""

    number: int
    clock: OrderClock
    past: list[PastAttempt] = field(default_factory=list)
    delivered_at: float | None = None


class Book(Protocol):
    """Orders that are due, in the order in which they are dialled."""

    def add(self, order: Order, now: float) -> None:
        """Enter an order that may be dialled."""
        ...

    def take(self, now: float) -> Order:
        """Take the next one out."""
        ...

    def __len__(self) -> int: ...


class ListOrder:
    """As they were entered: the oldest order first, retries where they were."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, Order]] = []

    def add(self, order: Order, now: float) -> None:
        """Enter an order that may be dialled."""
        heappush(self._heap, (order.number, order))

    def take(self, now: float) -> Order:
        """Take the next one out."""
        return heappop(self._heap)[1]

    def __len__(self) -> int:
        return len(self._heap)


class DeadlineOrder:
    """By production rank; a rank that no longer holds is looked at again."""

    def __init__(self, rules: UrgencyRules) -> None:
        self._rules = rules
        self._heap: list[tuple[Rank, int, Order]] = []

    def add(self, order: Order, now: float) -> None:
        """Enter an order that may be dialled."""
        place = rank(order.clock, now, self._rules)
        heappush(self._heap, (place, order.number, order))

    def take(self, now: float) -> Order:
        """Take the next one out."""
        while True:
            place, _, order = heappop(self._heap)
            if now <= place.holds_until:
                return order
            self.add(order, now)

    def __len__(self) -> int:
        return len(self._heap)


class ClockWorld(DialerWorld):
    """
    One day.

    Args:
        book: the rule of order.
        agents: all day.
        orders: in the day.
        seed: of orders, customers and agents.
    """

    def __init__(self, book: Book, *, agents: int, orders: int, seed: int) -> None:
        policy = Predictive(hang_up_after_s=15.0, expected_answers=float(orders))
        super().__init__(WARM, 0, policy, seed=seed, start_at=OPENS_S)
        self._book = book
        self._rules = RecycleRules()
        self._of: dict[Line, Order] = {}
        self.leads = 0
        self.orders = self._plan(orders)
        for order in self.orders:
            self.kernel.at(order.clock.placed_at, self._due, order)
        for _ in range(agents):
            self.log_in()

    def live(self) -> list[Order]:
        """Go to the end of the day and return all orders."""
        self.run(CLOSES_S)
        return self.orders

    def dialled(self, line: Line) -> None:
        """Take the next order by the rule."""
        order = self._book.take(self.now)
        self._of[line] = order

    def talked(self, line: Line) -> None:
        """Confirmed: logistics has the order at once."""
        self._of.pop(line).delivered_at = self.now

    def not_reached(self, line: Line) -> None:
        """Try again by the production rule."""
        order = self._of.pop(line)
        order.past.append(PastAttempt(at=self.now, outcome=_outcome(line)))
        again = plan_again(
            {"": order.past},
            "",
            now=self.now,
            zone=UTC,
            hours=HOURS,
            rules=self._rules,
        )
        if again.at is not None:
            self.kernel.at(again.at, self._due, order)

    def _due(self, order: Order) -> None:
        assert self.leads is not None
        self.leads += 1
        self._book.add(order, self.now)
        self._ask()

    def _plan(self, count: int) -> list[Order]:
        chance = self.kernel.stream("orders")
        surge = round(SURGE_SHARE * count)
        span_s = LAST_SHARE * (CLOSES_S - OPENS_S)
        times = [OPENS_S + span_s * chance.random() for _ in range(count - surge)]
        times += [SURGE_S + SURGE_LASTS_S * chance.random() for _ in range(surge)]
        return [
            Order(
                number,
                OrderClock(
                    placed_at=at,
                    cut_off_at=CUT_OFF_S if at < CUT_OFF_S else None,
                    value=chance.lognormvariate(4.6, 0.6),
                ),
            )
            for number, at in enumerate(sorted(times))
        ]


@dataclass(frozen=True, slots=True)
class ClockTask:
    """One day by one rule."""

    rule: str
    seed: int
    agents: int
    orders: int


@dataclass(frozen=True, slots=True)
class ClockDay:
    """What came of a day."""

    minutes: list[float] = field(repr=False)
    orders: int = 0
    in_surge: int = 0
    surge_in_time: int = 0
    by_cut_off: int = 0
    utilisation: float = 0.0
    nuisance_rate: float = 0.0


BOOKS: dict[str, Callable[[], Book]] = {
    "deadline_order": lambda: DeadlineOrder(UrgencyRules(promise_s=PROMISE_S)),
    "list_order": ListOrder,
}


def live_through(task: ClockTask) -> ClockDay:
    """Live through one day."""
    book = BOOKS[task.rule]()
    world = ClockWorld(book, agents=task.agents, orders=task.orders, seed=task.seed)
    orders = world.live()
    surge = [o for o in orders if 0 <= o.clock.placed_at - SURGE_S < SURGE_LASTS_S]
    return ClockDay(
        minutes=[
            (o.delivered_at - o.clock.placed_at) / 60
            for o in orders
            if o.delivered_at is not None
        ],
        orders=len(orders),
        in_surge=len(surge),
        surge_in_time=sum(_in_time(order) for order in surge),
        by_cut_off=sum(
            o.delivered_at is not None and o.delivered_at <= CUT_OFF_S for o in orders
        ),
        utilisation=world.tally.utilisation,
        nuisance_rate=world.tally.nuisance_rate,
    )


def figures(days: list[ClockDay]) -> dict[str, Any]:
    """Sum up days; shares are of all orders placed, reached or not."""
    minutes = [m for day in days for m in day.minutes]
    orders = sum(day.orders for day in days)
    within = sum(m <= PROMISE_S / 60 for m in minutes)
    surge = sum(day.in_surge for day in days)
    return {
        "share_within_15min": round(within / orders, 4),
        "share_within_15min_in_surge": round(
            sum(day.surge_in_time for day in days) / max(1, surge), 4
        ),
        "p50_min": round(percentile(minutes, 0.5), 1),
        "p90_min": round(percentile(minutes, 0.9), 1),
        "share_delivered": round(len(minutes) / orders, 4),
        "share_by_cut_off": round(sum(day.by_cut_off for day in days) / orders, 4),
        "utilisation": round(sum(day.utilisation for day in days) / len(days), 4),
        "nuisance_rate": round(sum(day.nuisance_rate for day in days) / len(days), 5),
    }


def _in_time(order: Order) -> bool:
    return (
        order.delivered_at is not None
        and order.delivered_at - order.clock.placed_at <= PROMISE_S
    )


def _outcome(line: Line) -> Outcome:
    if line.fate.answered:
        # Answered, and no agent; or hung up before the answer came.
        return Outcome.NUISANCE if line.event is None else Outcome.NO_ANSWER
    if line.fate.rings:
        return Outcome.NO_ANSWER
    return Outcome.BUSY if line.fate.after_s > WARM.setup_s else Outcome.CONGESTED
