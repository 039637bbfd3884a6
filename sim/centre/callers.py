"""Callers: when they call, how long they wait, whether they try again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.ids import CallId, ChannelId
from callengine.core.records import CallRecord
from callengine.core.requirements import requirement_of_call
from sim.centre.building import DIALLED
from sim.centre.model import Calls
from sim.centre.people import Caller, caller, person
from sim.worlds.kernel import Event

if TYPE_CHECKING:
    from sim.centre.world import CentreWorld

_NUMBER = "+38050{:07}"


@dataclass(slots=True)
class Visit:
    """One call of one caller; `time` counts from 0."""

    shop: str
    who: Caller
    number: str
    time: int
    measured: bool
    leaves: Event | None = None


class Callers:
    """
    Everybody who calls in.

    Args:
        world: whom they call.
    """

    def __init__(self, world: "CentreWorld") -> None:
        self._world = world
        self._kernel = world.kernel
        self._came = 0
        self._of_shop: dict[str, int] = {}
        self._visits: dict[ChannelId, Visit] = {}
        self._wrap_up_s: dict[CallId, float] = {}

    def plan_day(self) -> None:
        """Schedule the callers of a day."""
        world = self._world
        for slug, shop in world.centre.shops.items():
            if shop.calls is not None:
                chance = world.stream(f"calls/{slug}")
                for at in world.day.arrivals(shop.calls, chance):
                    world.plan(at, self._comes, slug, shop.calls)

    def identify(self, effect: do.Identify) -> None:
        """Look a caller up."""
        delay_s = self._world.centre.delays.identify_s
        self._kernel.after(delay_s, self._identified, effect.call)

    def talk_begins(self, channel: ChannelId) -> float:
        """An agent is there: the caller stays, and talks so long."""
        visit = self._visits[channel]
        self._kernel.cancel(visit.leaves)
        return visit.who.talk_s

    def wrap_up_of(self, call: CallId) -> float:
        """Say how long the paperwork of a call takes."""
        return self._wrap_up_s.pop(call, 0.0)

    def call_ended(self, record: CallRecord) -> None:
        """Forget a call; who gave up may call again."""
        if record.direction != "inbound":
            return
        channel = record.legs[0].channel
        visit = self._visits.pop(channel)
        self._kernel.cancel(visit.leaves)
        if record.ending == "abandoned":
            self._again(visit)

    def _again(self, visit: Visit) -> None:
        if visit.time < len(visit.who.again_s):
            again_s = visit.who.again_s[visit.time]
            following = Visit(
                visit.shop, visit.who, visit.number, visit.time + 1, visit.measured
            )
            self._kernel.after(again_s, self._calls, following)

    def _comes(self, slug: str, calls: Calls) -> None:
        world = self._world
        self._came += 1
        place = self._of_shop[slug] = self._of_shop.get(slug, 0) + 1
        chance = person(self._kernel.seed, f"caller/{slug}/{place}")
        who = caller(chance, calls, world.centre.shops[slug].language)
        number = _NUMBER.format(self._came)
        self._calls(Visit(slug, who, number, 0, world.measuring))

    def _calls(self, visit: Visit) -> None:
        world = self._world
        name = ChannelId(f"in-{visit.number}-{visit.time}")
        place = list(world.centre.shops).index(visit.shop)
        channel = world.switch.arrive(name, world.centre.shops[visit.shop].trunk)
        if channel is None:
            world.log.caller_met_no_line(visit.shop)
            self._again(visit)
            return
        self._visits[name] = visit
        patience_s = visit.who.patience_s[visit.time]
        visit.leaves = self._kernel.after(patience_s, world.switch.end, channel)
        world.log.caller_came()
        world.see(
            saw.CallArrived(
                at=world.now,
                channel=name,
                dialled_number=DIALLED.format(place),
                caller_number=visit.number,
            )
        )

    def _identified(self, call: CallId) -> None:
        world = self._world
        one = world.pool.calls.get(call)
        visit = None if one is None else self._visits.get(one.customer.channel)
        if visit is None:
            return
        self._wrap_up_s[call] = visit.who.wrap_up_s
        product = visit.who.product
        world.see(
            saw.CallerIdentified(
                at=world.now,
                call=call,
                card=world.card_of(visit.shop, "inbound", visit.number),
                requirement=requirement_of_call(
                    visit.shop,
                    visit.who.language,
                    bought={product: 1} if product else None,
                ),
            )
        )
