"""What is counted while a world lives; nothing here changes anything."""

from collections import Counter
from typing import TYPE_CHECKING

from callengine.core import effects as do
from callengine.core.compliance.regime import WindowKind
from callengine.core.machines import AgentState
from callengine.core.records import AttemptRecord, CallRecord, Outcome
from sim.centre.day import HOUR_S
from sim.centre.tally import PROMISE_S, WITHIN_S, Cell, DayDone, Law, Times

if TYPE_CHECKING:
    from sim.centre.desks import Desk
    from sim.centre.world import CentreWorld

_LEAST_ANSWERS = 34
"""Below this one nuisance call is more than any usual limit allows."""


class Log:
    """
    Counts of the last day of a world.

    Args:
        world: which.
    """

    def __init__(self, world: "CentreWorld") -> None:
        self._world = world
        self._from = world.last.begins_at
        self._until = world.last.ends_at
        self._came = 0
        self._calls: Counter[str] = Counter()
        self._begun: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()
        self._worst: dict[str, float] = {}
        self.done = DayDone()
        for desk in world.desks.by_agent.values():
            self.done.agents[desk.agent] = Times()

    def plan_day(self) -> None:
        """Look at the ledgers every hour of the day that counts."""
        if not self._world.measuring:
            return
        at = self._from + HOUR_S
        while at < self._until:
            self._world.plan(at, self._look_at_ledgers)
            at += HOUR_S

    # --- what the world tells ----------------------------------------------------

    def caller_came(self) -> None:
        """A caller's call reached the engine."""
        self._came += 1

    def caller_met_no_line(self, shop: str) -> None:
        """A caller heard busy."""
        if self._counts(self._world.now):
            cell = self._cell(shop, self._world.now)
            cell.offered += 1
            cell.no_line += 1

    def attempt_began(self, effect: do.BeginAttempt) -> None:
        """An attempt is being dialled."""
        self._begun[effect.lead.attempt] += 1

    def attempt_ended(self, record: AttemptRecord) -> None:
        """Count what came of an attempt."""
        self._attempts[record.attempt] += 1
        if not self._counts(record.started_at):
            return
        cell = self._cell(record.shop, record.started_at)
        cell.attempts += 1
        if record.outcome is Outcome.MACHINE:
            cell.machines += 1
        elif record.answered_at is not None:
            cell.live += 1
            shop = self._world.pool.shops[record.shop]
            most_s = self._world.pool.regime_of(shop).nuisance.threshold_s
            bridged_at = record.bridged_at
            late = bridged_at is None or bridged_at - record.answered_at > most_s
            cell.late += late

    def call_ended(self, record: CallRecord) -> None:
        """Count a finished call."""
        self._calls[record.call] += 1
        if record.direction != "inbound" or not self._counts(record.enqueued_at):
            return
        assert record.shop is not None
        cell = self._cell(record.shop, record.enqueued_at)
        cell.offered += 1
        cell.abandoned += record.ending == "abandoned"
        cell.fallback += record.ending == "fallback"
        if record.bridged_at is not None:
            wait_s = record.bridged_at - record.enqueued_at
            cell.answered += 1
            cell.within += wait_s <= WITHIN_S
            cell.wait_s += wait_s
            cell.off_skill += bool(record.off_skill)
            self.done.waits.setdefault(record.shop, []).append(wait_s)

    def agent_was(
        self, desk: "Desk", state: AgentState, since: float, until: float
    ) -> None:
        """Count how long an agent was in a state."""
        since, until = max(since, self._from), min(until, self._until)
        name = state.value
        if since >= until or state is AgentState.OFFLINE:
            return
        whole = self.done.agents[desk.agent]
        setattr(whole, name, getattr(whole, name) + until - since)
        while since < until:
            ends_at = min(until, since - since % HOUR_S + HOUR_S)
            hour = self.done.hours.setdefault(self._world.last.hour(since), Times())
            setattr(hour, name, getattr(hour, name) + ends_at - since)
            since = ends_at

    # --- summing up --------------------------------------------------------------

    def day_over(self) -> None:
        """Take what ends with the day: ledgers, and what agents do just now."""
        world = self._world
        for desk in world.desks.by_agent.values():
            self.agent_was(desk, desk.state, desk.since, world.now)
            desk.since = world.now
        just_before = self._until - 1e-3
        for shop, campaign in world.pool.campaigns.items():
            ledger = campaign.pacer.ledger
            rate = max(self._worst.get(shop, 0.0), ledger.rate(just_before))
            self.done.law[shop] = Law(campaign.regime.nuisance.limit, rate)

    def close(self) -> DayDone:
        """Sum up when everybody has gone home."""
        world, done = self._world, self.done
        for order in world.book.orders:
            if order.measured:
                self._count_order(order.shop, order.clock.placed_at, order.settled_at)
        pool = world.pool
        begun, ended = self._begun, self._attempts
        calls = self._calls
        twice = [n for n in (*calls.values(), *begun.values()) if n != 1]
        wrong = [a for a in {*begun, *ended} if begun[a] != ended[a]]
        unsaid = abs(len(calls) - self._came - len(begun))
        done.lost = len(twice) + len(wrong) + unsaid
        done.left = len(pool.calls) + len(pool.matcher) + len(pool.numbers_live)
        done.left += len(pool.lines) + len(pool.held) + len(world.switch.channels)
        done.left += sum(
            agent.state is not AgentState.OFFLINE for agent in pool.agents.values()
        )
        done.put_off = dict(world.book.put_off)
        done.trunks = {n: t.most_taken for n, t in world.switch.lines.items()}
        done.facts = world.facts
        done.agent_hours = sum(t.at_work for t in done.agents.values()) / HOUR_S
        return done

    def _count_order(
        self, shop: str, placed_at: float, settled_at: float | None
    ) -> None:
        cell = self._cell(shop, placed_at)
        cell.placed += 1
        if settled_at is None:
            return
        cell.settled += 1
        took_s = settled_at - placed_at
        cell.in_time += took_s <= PROMISE_S
        self.done.minutes.setdefault(shop, []).append(took_s / 60)

    def _look_at_ledgers(self) -> None:
        for shop, campaign in self._world.pool.campaigns.items():
            ledger = campaign.pacer.ledger
            totals = ledger.totals(self._world.now)
            if campaign.regime.nuisance.window is not WindowKind.ROLLING:
                continue
            if totals.served + totals.nuisances >= _LEAST_ANSWERS:
                rate = ledger.rate(self._world.now)
                self._worst[shop] = max(self._worst.get(shop, 0.0), rate)

    def _counts(self, at: float) -> bool:
        return self._from <= at < self._until

    def _cell(self, shop: str, at: float) -> Cell:
        key = shop, self._world.last.hour(at)
        cell = self.done.cells.get(key)
        if cell is None:
            cell = self.done.cells[key] = Cell()
        return cell
