"""
The engine's own pool in virtual time, among people, a switch and an order book.

Facts go in by `see`; every effect is carried out by the part that would do so in life.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

from callengine.core import dispatch
from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.cards import Card
from callengine.core.ids import CallId, ChannelId, ShopId
from callengine.core.pool import Pool
from sim.centre.book import Book, Order
from sim.centre.building import roster_of, rules_of
from sim.centre.callers import Callers
from sim.centre.day import HOUR_S, Day
from sim.centre.desks import Desks
from sim.centre.log import Log
from sim.centre.model import Centre
from sim.centre.people import Reached, person, reached
from sim.centre.switch import Switch
from sim.centre.tally import DayDone
from sim.centre.values import minute_of
from sim.worlds.kernel import Event, Kernel

AFTER_MIDNIGHT_S = 3 * HOUR_S


class CentreWorld:
    """
    A centre on one day, and on the days before it if the scenario wants them.

    Args:
        centre: everything about it.
        seed: of everybody in it.
    """

    def __init__(self, centre: Centre, seed: int) -> None:
        self.centre = centre
        self.last = Day(centre.date, centre.zone)
        self.day = self.last.next(-centre.days_before)
        self.kernel = Kernel(seed, start=self.day.begins_at)
        ids = count(1)
        self.pool = Pool(
            roster_of(centre),
            rules=rules_of(centre.rules),
            new_id=lambda: f"c{next(ids)}",
            node="sim",
        )
        self.pool.now = self.kernel.now
        self.facts = 0
        self.ahead_s = 0.0
        """How far the engine's clock is from the world's time."""
        self.timers: dict[str, Event] = {}
        self.attempts: dict[CallId, tuple[Order, Reached]] = {}
        self.desks = Desks(self)
        self.switch = Switch(self)
        self.book = Book(self)
        self.callers = Callers(self)
        self.log = Log(self)
        self._acts = self._who_does_what()

    @property
    def now(self) -> float:
        """The current instant."""
        return self.kernel.now

    @property
    def measuring(self) -> bool:
        """Say whether the day that counts has begun."""
        return self.day == self.last

    def live(self) -> DayDone:
        """Live through all days, and until everybody has gone home."""
        while True:
            self._plan_day()
            self.kernel.run(self.day.ends_at)
            if self.measuring:
                break
            self.day = self.day.next(1)
        self.log.day_over()
        self.book.closed = True
        self.kernel.run(self.day.ends_at + AFTER_MIDNIGHT_S)
        return self.log.close()

    def _plan_day(self) -> None:
        for jump in self.centre.jumps:
            self.plan(self.day.at(minute_of(jump.at)), self._jump, jump.seconds)
        self.switch.plan_failures()
        self.desks.plan_day()
        self.callers.plan_day()
        self.book.plan_day()
        self.log.plan_day()

    def _jump(self, seconds: float) -> None:
        self.ahead_s += seconds

    def plan(self, at: float, act: Callable[..., object], *args: Any) -> None:
        """Schedule something of the day."""
        self.kernel.at(max(at, self.now), act, *args)

    def stream(self, name: str) -> Random:
        """Make a generator of its own for something of this day."""
        return self.kernel.stream(f"{self.day.date}/{name}")

    # --- facts and effects -------------------------------------------------------

    def see(self, fact: saw.Fact) -> None:
        """Apply a fact and have done what follows."""
        self.facts += 1
        if self.ahead_s:
            fact = replace(fact, at=fact.at + self.ahead_s)
        for effect in dispatch.apply(self.pool, fact):
            act = self._acts.get(type(effect))
            if act is not None:
                act(effect)

    def _who_does_what(self) -> dict[type, Callable[[Any], None]]:
        switch = self.switch
        return {
            do.Originate: switch.originate,
            do.Join: switch.join,
            do.HangUp: switch.hang_up,
            do.Play: switch.play,
            do.StopPlay: switch.stop_play,
            do.DetectTalk: switch.detect_talk,
            do.CountPackets: switch.count_packets,
            do.LeaveToDialplan: switch.leave,
            do.Identify: self.callers.identify,
            do.BeginAttempt: self._begin_attempt,
            do.PutLeadOff: self.book.lead_put_off,
            do.SetTimer: self._set_timer,
            do.CancelTimer: self._cancel_timer,
            do.TellAgent: self._tell_agent,
            do.RecordAttempt: self._record_attempt,
            do.RecordCall: self._record_call,
        }

    def _set_timer(self, effect: do.SetTimer) -> None:
        self.kernel.cancel(self.timers.get(effect.key))
        at = max(effect.at - self.ahead_s, self.now)
        self.timers[effect.key] = self.kernel.at(at, self._fire, effect.key)

    def _cancel_timer(self, effect: do.CancelTimer) -> None:
        self.kernel.cancel(self.timers.pop(effect.key, None))

    def _fire(self, key: str) -> None:
        self.timers.pop(key, None)
        self.see(saw.TimerFired(at=self.now, key=key))

    def _tell_agent(self, effect: do.TellAgent) -> None:
        agent = self.pool.agents[effect.agent]
        card = agent.card
        desk = self.desks.by_agent[effect.agent]
        desk.told(agent.state, agent.reason, None if card is None else card.call)
        self.book.agent_changed()

    def _begin_attempt(self, effect: do.BeginAttempt) -> None:
        order = self.book.order_of(effect.lead.attempt)
        orders = self.centre.shops[order.shop].orders
        assert orders is not None
        chance = person(self.kernel.seed, f"{order.name}/{order.tries}")
        self.attempts[effect.call] = order, reached(chance, orders)
        self.log.attempt_began(effect)

    def _record_attempt(self, effect: do.RecordAttempt) -> None:
        self.book.attempt_ended(effect.record)
        self.log.attempt_ended(effect.record)

    def _record_call(self, effect: do.RecordCall) -> None:
        self.log.call_ended(effect.record)
        self.callers.call_ended(effect.record)

    # --- what the parts ask each other -------------------------------------------

    def fate_of(self, call: CallId) -> Reached:
        """Say what comes of an attempt."""
        return self.attempts[call][1]

    def line_of(self, call: CallId) -> tuple[ChannelId, str]:
        """Name the channel of a called customer, and its trunk."""
        one = self.pool.calls[call]
        return one.customer.channel, one.shop.trunks[0]

    def length_of(self, call: CallId, media: str) -> float:
        """Say how long a prompt of a call's shop is."""
        one = self.pool.calls.get(call)
        if one is None:
            return 0.0
        part = self.centre.shops[one.shop.shop]
        return part.greeting_s if media.endswith("greeting") else part.message_s

    def talk_begins(self, call: CallId) -> None:
        """Let the customer hang up when they have said all."""
        one = self.pool.calls[call]
        if one.lead is not None:
            talk_s = self.attempts[call][1].talk_s
        else:
            talk_s = self.callers.talk_begins(one.customer.channel)
        self.switch.hang_up_in(one.customer.channel, talk_s)

    def wrap_up_of(self, call: CallId) -> float:
        """Say how long the paperwork of a call takes."""
        if call in self.attempts:
            return self.attempts[call][1].wrap_up_s
        return self.callers.wrap_up_of(call)

    def paperwork_done(self, call: CallId) -> None:
        """An agent saved what came of a call, or ran out of time for it."""
        if call in self.attempts:
            self.book.settled(self.attempts.pop(call)[0])

    def card_of(self, shop: str, direction: str, number: str | None) -> Card:
        """Make a card, with no more on it than routing needs."""
        made = self.pool.shops[ShopId(shop)]
        return Card(
            shop=made.shop,
            shop_name=made.name,
            direction=direction,
            number=number,
            dialled_number=made.caller_id,
            identification="found",
        )
