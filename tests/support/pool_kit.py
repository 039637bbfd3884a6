"""A pool played by hand: facts in, effects remembered, virtual time."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeVar

from callengine.core import dispatch
from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.agent import Agent
from callengine.core.call import Call
from callengine.core.cards import Card, CustomerCard
from callengine.core.compliance.presets import HOUSE
from callengine.core.compliance.regime import NuisanceLimit, every_day
from callengine.core.ids import (
    AgentId,
    AttemptId,
    CallId,
    ChannelId,
    CustomerId,
    OrderId,
    ShopId,
)
from callengine.core.pool import Pool
from callengine.core.roster import AgentProfile, Roster, Shop
from callengine.core.rules import Rules
from callengine.core.skills import Requirement

T = TypeVar("T")

TEPLO = ShopId("teplo")
NUMBER = "+74950000101"
RU = Requirement(hard=(("shop.teplo", 1), ("lang.ru", 3)))
RU_PHONES = Requirement(hard=RU.hard, soft=(("product.phones", 3),))


SHARED = replace(HOUSE, name="shared", hours=every_day(0, 24))
"""Dialled at any hour, for whoever will be free."""
ASIDE = replace(SHARED, name="aside", nuisance=NuisanceLimit(limit=0.0))
"""Dialled at any hour, each with an agent of its own."""
REGIMES = {regime.name: regime for regime in (SHARED, ASIDE)}


def make_shop(**changes: object) -> Shop:
    """A shop without greeting or music, unless said otherwise."""
    values: dict[str, object] = {
        "shop": TEPLO,
        "name": "Teplo",
        "language": "ru",
        "region": "RU",
        "currency": "RUB",
        "zone": "Europe/Moscow",
        "numbers": (NUMBER,),
        "queue": "teplo",
        "greeting": "",
        "music": "",
        "caller_id": NUMBER,
        "regime": SHARED.name,
    }
    return Shop(**{**values, **changes})  # type: ignore[arg-type]


def make_agent(
    name: str, phone_mode: str = "auto_answer", **skills: int
) -> AgentProfile:
    """An agent of the shop who speaks Russian; skills as `product_phones=5`."""
    held = {"lang.ru": 5} | {k.replace("_", ".", 1): v for k, v in skills.items()}
    return AgentProfile(
        agent=AgentId(name),
        login=name,
        name=name.title(),
        endpoint=f"PJSIP/{name}",
        phone_mode=phone_mode,
        skills=held,
        shops=(TEPLO,),
    )


def make_card(direction: str = "inbound") -> Card:
    """A card of a known customer."""
    return Card(
        shop=TEPLO,
        shop_name="Teplo",
        direction=direction,
        number="+79161234567",
        dialled_number=NUMBER,
        identification="found",
        customers=(
            CustomerCard(
                customer=CustomerId("c1"),
                name="Ivan",
                language="ru",
                segment="regular",
                region="ru-mow",
            ),
        ),
    )


def make_lead(
    name: str = "o1", number: str = "+79161234567", **changes: object
) -> saw.Lead:
    """A lead that is due."""
    values: dict[str, object] = {
        "attempt": AttemptId(f"att-{name}"),
        "order": OrderId(name),
        "shop": TEPLO,
        "customer": CustomerId("c1"),
        "number": number,
        "requirement": RU,
        "card": make_card("outbound"),
    }
    return saw.Lead(**{**values, **changes})  # type: ignore[arg-type]


@dataclass
class Play:
    """
    A pool, its clock and everything it asked for.

    Times are seconds; `wait` fires the timers that come due.
    """

    pool: Pool
    now: float = 1000.0
    done: list[do.Effect] = field(default_factory=list)
    timers: dict[str, float] = field(default_factory=dict)

    def see(self, fact: saw.Fact) -> list[do.Effect]:
        """Apply a fact and remember what follows."""
        return self.takes(dispatch.apply(self.pool, fact))

    def takes(self, effects: list[do.Effect]) -> list[do.Effect]:
        """Remember what is to be done, and set its timers."""
        self.done += effects
        for effect in effects:
            if isinstance(effect, do.SetTimer):
                self.timers[effect.key] = effect.at
            elif isinstance(effect, do.CancelTimer):
                self.timers.pop(effect.key, None)
        return effects

    def wait(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        until = self.now + seconds
        while True:
            due = min(self.timers, key=self.timers.__getitem__, default=None)
            if due is None or self.timers[due] > until:
                break
            self.now = max(self.now, self.timers.pop(due))
            self.see(saw.TimerFired(at=self.now, key=due))
        self.now = until

    # --- what people do ---

    def ready(self, *agents: str) -> None:
        """Agents press ready, one second after the other."""
        for agent in agents:
            self.wait(1.0)
            self.see(saw.AgentBecameReady(at=self.now, agent=AgentId(agent)))

    def arrives(
        self,
        channel: str = "ch1",
        number: str | None = "+79161234567",
        dialled: str = NUMBER,
    ) -> None:
        """A caller comes in."""
        self.see(
            saw.CallArrived(
                at=self.now,
                channel=ChannelId(channel),
                dialled_number=dialled,
                caller_number=number,
            )
        )

    def identified(self, channel: str = "ch1", needs: Requirement = RU) -> None:
        """The look-up of a caller ends."""
        call = self.call(channel)
        self.see(
            saw.CallerIdentified(
                at=self.now, call=call.call, card=make_card(), requirement=needs
            )
        )

    def calls_in(self, channel: str = "ch1", needs: Requirement = RU) -> Call:
        """A caller comes in and is identified."""
        self.arrives(channel)
        self.identified(channel, needs)
        return self.call(channel)

    def rings(self, channel: ChannelId | str) -> None:
        """A phone we called rings."""
        self.see(saw.ChannelRinging(at=self.now, channel=ChannelId(channel)))

    def answers(self, channel: ChannelId | str) -> None:
        """A phone we called is answered."""
        self.see(saw.ChannelAnswered(at=self.now, channel=ChannelId(channel)))

    def joins(self, *channels: ChannelId | str) -> None:
        """Channels enter the bridge."""
        for channel in channels:
            self.see(saw.ChannelJoined(at=self.now, channel=ChannelId(channel)))

    def ends(self, channel: ChannelId | str, cause: int = 16, **more: object) -> None:
        """A channel ends."""
        self.see(
            saw.ChannelGone(
                at=self.now,
                channel=ChannelId(channel),
                cause=cause,
                **more,  # type: ignore[arg-type]
            )
        )

    def offered(self, *leads: saw.Lead) -> None:
        """Orders are due."""
        self.see(saw.LeadsOffered(at=self.now, leads=leads))

    def talk(self, channel: str = "ch1") -> Call:
        """From an offered inbound call to a conversation."""
        call = self.call(channel)
        assert call.agent_leg is not None
        self.rings(call.agent_leg.channel)
        self.answers(call.agent_leg.channel)
        self.joins(call.customer.channel, call.agent_leg.channel)
        return call

    def saves(self, agent: str, call: CallId, *, finish: bool = True) -> None:
        """An agent saves a disposition."""
        self.see(
            saw.DispositionSaved(
                at=self.now,
                agent=AgentId(agent),
                call=call,
                disposition=saw.Disposition.CONFIRMED,
                finish=finish,
            )
        )

    # --- what is seen ---

    def call(self, channel: ChannelId | str) -> Call:
        """The call of a channel."""
        found = self.pool.call_of(ChannelId(channel))
        assert found is not None, f"no call has channel {channel}"
        return found[0]

    def agent(self, name: str) -> Agent:
        """An agent."""
        return self.pool.agents[AgentId(name)]

    def asked(self, kind: type[T]) -> list[T]:
        """Every effect of a kind so far, in order."""
        return [e for e in self.done if isinstance(e, kind)]

    def last(self, kind: type[T]) -> T:
        """The latest effect of a kind."""
        return self.asked(kind)[-1]


def play(
    *agents: AgentProfile,
    shops: Iterable[Shop] = (),
    rules: Rules | None = None,
) -> Play:
    """Start a pool with these agents."""
    ids = count(1)
    roster = Roster(
        shops=tuple(shops) or (make_shop(),), agents=agents, regimes=REGIMES
    )
    pool = Pool(
        roster, rules=rules or Rules(), new_id=lambda: f"call{next(ids)}", node="n1"
    )
    return Play(pool)
