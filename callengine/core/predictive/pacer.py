"""
How many attempts to start now, and which ringing ones to take back.

One more attempt is worth starting while the risk that its answer finds no agent is
within the price. The risk looks ahead: each agent's hazard to be ready, each line's to
be answered. The price is the same for all attempts and follows the ledger, so the
legal budget goes where the risk is least; with no budget left the pacer is progressive:
one line for each free agent, never fewer.
"""

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from callengine.core.ids import Instant
from callengine.core.predictive.estimates import HORIZONS, Estimates
from callengine.core.predictive.hazards import AnswerTable
from callengine.core.predictive.ledger import NuisanceLedger
from callengine.core.predictive.outlook import Outlook, outlook
from callengine.core.predictive.price import RiskPrice
from callengine.core.predictive.rows import Row, answer_row
from callengine.core.predictive.snapshot import LineView, PacingView
from callengine.core.predictive.tick import Tick as Tick

_TAPER = 3.0
"""Nuisance calls of room at which the price begins to fade."""

_MOST_LINES_PER_AGENT = 100

_LAST = HORIZONS - 1
_MIDDLE = HORIZONS // 2

# Risks move by some percent a second, so a risk far from the price can wait.
_NEAR, _NEAR_S = 1.5, 1.0
_FAR, _BETWEEN_S, _FAR_S = 3.0, 2.0, 4.0
_SCARCE = 0.001
_MOST_CALLERS_PER_S = 50.0
_FORESEEN_AGENT_S = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveRules:
    """
    Policy of a campaign.

    Attributes:
        most_lines_per_agent: a cap whatever the estimates say.
        leave_notice_s: an agent who will leave within this is not counted on.
        hang_up_after_s: a phone may be hung up on after it has rung this long; None
            for never. Not below the regime's least ring.
        hang_up_risk: hang up when the risk of that line is so many prices.
    """

    most_lines_per_agent: float = 12.0
    leave_notice_s: float = 30.0
    hang_up_after_s: float | None = None
    hang_up_risk: float = 6.0

    def __post_init__(self) -> None:
        if not 1 <= self.most_lines_per_agent <= _MOST_LINES_PER_AGENT:
            raise ValueError(
                f"most_lines_per_agent {self.most_lines_per_agent} is not within "
                f"1..{_MOST_LINES_PER_AGENT}"
            )
        if not 0 <= self.leave_notice_s < inf:
            raise ValueError(f"leave_notice_s {self.leave_notice_s} is no time")
        if self.hang_up_after_s is not None and not self.hang_up_after_s >= 0:
            raise ValueError(f"hang_up_after_s {self.hang_up_after_s} is no time")
        if not self.hang_up_risk > 0:
            raise ValueError(f"hang_up_risk {self.hang_up_risk} is not above 0")


class _Told(NamedTuple):
    """What a tick is asked, and what it may spend."""

    view: PacingView
    now: Instant
    free: int
    price: float
    room: float
    rate: float


class Pacer:
    """
    The pacer of one campaign: estimates, ledger and price together.

    Feed `estimates` with ends of attempts, talks and wrap-ups, and tell `answered`
    of every live answer once its fate is known.
    """

    __slots__ = ("estimates", "ledger", "price", "rules")

    def __init__(
        self,
        estimates: Estimates,
        ledger: NuisanceLedger,
        rules: PredictiveRules | None = None,
        *,
        price: RiskPrice | None = None,
    ) -> None:
        self.estimates = estimates
        self.ledger = ledger
        self.rules = rules or PredictiveRules()
        self.price = price or RiskPrice()

    def answered(self, at: Instant, *, nuisance: bool) -> None:
        """Learn of a live answer's fate: an agent in time, or none."""
        aim = self.ledger.aim(at)
        self.price.learn(nuisance=nuisance, aim=aim, limit=self.ledger.limit.limit)
        if nuisance:
            self.ledger.nuisance(at)
        else:
            self.ledger.served(at)

    def attempts_to_start(self, snapshot: PacingView, now: Instant) -> int:
        """Return how many attempts to start now; never negative."""
        return self.decide(snapshot, now).start

    def decide(self, snapshot: PacingView, now: Instant) -> Tick:
        """Return how many attempts to start now, which to take back, and why."""
        answers, ready = self.estimates.tables()
        soon = now + self.rules.leave_notice_s
        free, busy = ready.split(snapshot.agents, now, soon)
        staying = free + len(busy)
        free -= snapshot.keep_free + snapshot.held + snapshot.calls_waiting
        rate, room = self.ledger.standing(now)
        told = _Told(snapshot, now, free, self._price_now(room), room, rate)
        if not staying:
            dropped = self._all_that_may(snapshot.lines, now)
            return self._tick(told, 0, dropped, "no agents")
        cap = self._cap(snapshot, staying)
        if not cap and not self._any_may_go(snapshot.lines, now):
            return self._tick(told, 0, (), "no more leads or lines")
        if told.price <= 0:
            return self._progressive(told, cap)
        return self._priced(told, busy, cap, answers)

    def _priced(
        self, told: "_Told", busy: list[Row], cap: int, answers: AnswerTable
    ) -> Tick:
        """Start what is worth its risk; if that is nothing, take back what is not."""
        snapshot, now, free = told.view, told.now, told.free
        lines = answers.rows(snapshot.lines, now)
        fresh = answers.fresh(snapshot.chance)
        floor = max(0, free - len(lines))
        callers = self._callers(snapshot) if snapshot.inbound_per_s > 0 else []
        future = outlook(
            free, busy, [*lines, *[fresh] * floor, *callers], horizons=HORIZONS
        )
        start, risk, reason = _worth_starting(future, fresh, floor, told.price, cap)
        dropped: tuple[int, ...] = ()
        if start == 0 and snapshot.lines and self._any_may_go(snapshot.lines, now):
            dropped = self._not_worth_keeping(told, lines, future)
        tick = self._tick(told, start, dropped, reason, risk)
        if start or tick.look_again_s < _FAR_S:
            return tick
        return tick._replace(look_again_s=self._far_for_s(told, len(busy), callers))

    def _far_for_s(self, told: "_Told", busy: int, callers: list[Row]) -> float:
        """
        Find how long looks would go on to find the risk far too much by themselves.

        Only ages change while nothing happens, so those looks can be foreseen; with
        many agents something happens sooner than that would pay.
        """
        view, after_s = told.view, _FAR_S
        longest_s = _FORESEEN_AGENT_S / busy if busy else 0.0
        answers, ready = self.estimates.tables()
        fresh = answers.fresh(view.chance)
        most = _FAR * told.price * fresh.chances[_LAST]
        while after_s < longest_s:
            then = told.now + after_s
            if view.lines and self._any_may_go(view.lines, then):
                break
            free, rows = ready.split(
                view.agents, then, then + self.rules.leave_notice_s
            )
            if free + len(rows) < len(view.agents):
                break
            free -= view.keep_free + view.held + view.calls_waiting
            lines = answers.rows(view.lines, then)
            future = outlook(free, rows, [*lines, *callers], horizons=HORIZONS)
            if future.risk_at(_MIDDLE) * fresh.chances[_MIDDLE] <= most:
                break
            after_s += _FAR_S
        return after_s

    def _progressive(self, told: "_Told", cap: int) -> Tick:
        """One line for each free agent; what is beyond goes as soon as it may."""
        lines = told.view.lines
        beyond = len(lines) - max(0, told.free)
        start = max(0, min(-beyond, cap))
        dropped: tuple[int, ...] = ()
        if beyond > 0:
            dropped = self._all_that_may(lines, told.now)[:beyond]
        return self._tick(told, start, dropped, "no budget")

    def _price_now(self, room: float) -> float:
        """Let the price fade as the ledger's room runs out."""
        if room >= 1 + _TAPER:
            return self.price.risk
        return self.price.risk * max(0.0, (room - 1) / _TAPER)

    def _cap(self, snapshot: PacingView, agents: int) -> int:
        most = int(self.rules.most_lines_per_agent * agents) - len(snapshot.lines)
        if snapshot.leads < most:
            most = snapshot.leads
        if snapshot.lines_left < most:
            most = snapshot.lines_left
        return most if most > 0 else 0

    def _callers(self, snapshot: PacingView) -> list[Row]:
        """Take expected inbound calls for lines that will be answered."""
        horizons_s = self.estimates.ready_horizons_s
        per_s = min(snapshot.inbound_per_s, _MOST_CALLERS_PER_S)
        expected = [per_s * h for h in horizons_s]
        count = max(1, round(2 * expected[-1]))
        chances = [min(1.0, e / count) for e in expected]
        return [answer_row(chances)] * count

    def _all_that_may(
        self, lines: tuple[LineView, ...], now: Instant
    ) -> tuple[int, ...]:
        return tuple(i for i, line in enumerate(lines) if self._may_hang_up(line, now))

    def _any_may_go(self, lines: tuple[LineView, ...], now: Instant) -> bool:
        after_s = self.rules.hang_up_after_s
        if after_s is None:
            return False
        since = now - after_s
        for line in lines:
            if line.started_at <= since:
                ringing_at = line.ringing_at
                if ringing_at is not None and ringing_at <= since:
                    return True
        return False

    def _may_hang_up(self, line: LineView, now: Instant) -> bool:
        after_s = self.rules.hang_up_after_s
        return (
            after_s is not None
            and line.ringing_at is not None
            and now - line.ringing_at >= after_s
        )

    def _not_worth_keeping(
        self, told: "_Told", rows: list[Row], present: Outlook
    ) -> tuple[int, ...]:
        """Find the line whose answer would most likely be a nuisance, if any is."""
        worst, most = -1, self.rules.hang_up_risk * told.price
        risks = present.risks()
        known: dict[int, float] = {}
        for place, line in enumerate(told.view.lines):
            if not self._may_hang_up(line, told.now):
                continue
            row = rows[place]
            # Lines of one age and chance share a row, and so their risk.
            risk = known.get(id(row))
            if risk is None:
                risk = _risk(risks, row)
                if risk > most:
                    # Without the line itself the risk is smaller still.
                    risk = _risk(present.risks_without(row), row)
                known[id(row)] = risk
            if risk > most:
                worst, most = place, risk
        return (worst,) if worst >= 0 else ()

    def _tick(
        self,
        told: "_Told",
        start: int,
        hang_up: tuple[int, ...],
        reason: str,
        risk: float = 1.0,
    ) -> Tick:
        again_s = _FAR_S
        if hang_up or risk < _NEAR * told.price:
            again_s = _NEAR_S
        elif risk < _FAR * told.price:
            again_s = _BETWEEN_S
        return Tick(
            start,
            hang_up,
            reason,
            told.free,
            risk,
            told.price,
            told.room,
            told.rate,
            again_s,
            told.view,
        )


def _worth_starting(
    future: Outlook, fresh: Row, floor: int, price: float, cap: int
) -> tuple[int, float, str]:
    """Add attempts beyond the floor while their risk is within the price."""
    if floor >= cap:
        return cap, 0.0, "no more leads or lines"
    if fresh.chances[_LAST] < _SCARCE:
        # Nothing could be learned of too many attempts before it is too late.
        return floor, 1.0, "no answer in sight"
    start = floor
    least = future.risk_at(_MIDDLE) * fresh.chances[_MIDDLE]
    if least > _FAR * price * fresh.chances[_LAST]:
        # What the early answers risk is too much already; the rest need not be known.
        return start, least / fresh.chances[_LAST], "risk"
    while True:
        risk = _risk(future.risks(), fresh)
        if risk > price:
            return start, risk, "risk"
        if start >= cap:
            return start, risk, "no more leads or lines"
        start += 1
        future.add(fresh)


def _risk(risks: list[float], row: Row) -> float:
    """
    Find the chance that an answer of this line makes a nuisance, now or later.

    An answer is paid for at the worst moment from then on: it takes the agent whom a
    later answer would have needed.
    """
    expected = worst = 0.0
    for risk, share in zip(reversed(risks), row.shares, strict=False):
        if risk > worst:
            worst = risk
        expected += share * worst
    return expected
