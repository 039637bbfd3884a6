"""Everybody at work in a run: agents with phones, and customers who are called."""

import asyncio
import socket
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType

from sim.agent_log import AgentLog, Habits
from sim.agents import SimulatedAgent
from sim.phones.baresip import BaresipPhone, PhoneSettings
from sim.ports import free_ports
from sim.sipp.run import Sipp, SippSettings
from sim.waiting import at_once
from sim.world.plan import PHONE_RTP_PORTS, TRUNK_ADDRESS
from sim.world.world import World

GUEST_REGISTERS_S = 3600
"""The guest's own phone takes the place of ours, which must not take it back."""


class Staff:
    """
    Agents of a world, at their phones and desks; customers on the carrier's address.

    An async context manager: entering waits until every phone is registered and every
    agent is ready, leaving ends every process by its id. The place of `guest` is left
    to a real person: their phone is registered, and nobody answers it.
    """

    def __init__(
        self,
        world: World,
        *,
        seed: int,
        habits: Habits | None = None,
        guest: str | None = None,
    ) -> None:
        self.world = world
        self.log = AgentLog()
        self.agents: list[SimulatedAgent] = []
        self.phones: dict[str, BaresipPhone] = {}
        self.customers: Sipp | None = None
        self._habits = habits
        self._guest = guest
        self._rng = Random(seed)
        self._stack = AsyncExitStack()
        self._work: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Staff":
        try:
            await self.pick_up_phones()
            async with self.world.steps.step("Agents log in"):
                self._seat()
                await self._all_ready()
        except BaseException:
            await self.leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.leave()

    async def pick_up_phones(self) -> None:
        """
        Start phones of agents and customers and wait until they are registered.

        May be called before entering, as soon as Asterisk knows the agents; who does
        calls `leave` too, whatever happens.
        """
        if self.customers is not None:
            return
        self.customers = Sipp(self._customers())
        count = len(self.world.shops.agents)
        async with self.world.steps.step(f"{count} phones register"):
            await at_once(
                self._stack.enter_async_context(self.customers), self._register()
            )

    async def leave(self) -> None:
        """End everybody's work and phones."""
        await self._stack.aclose()

    def _customers(self) -> SippSettings:
        world = self.world
        assert world.sounds is not None
        return SippSettings(
            scenario="customers_answer_by_last_digit",
            folder=world.plan.folder / "customers",
            address=TRUNK_ADDRESS,
            port=world.plan.trunk_port,
            first_media_port=world.plan.sipp_rtp_first,
            sounds=world.sounds.folder,
        )

    async def _register(self) -> None:
        world = self.world
        assert world.sounds is not None
        agents = world.shops.agents
        sip_ports = free_ports(len(agents), kind=socket.SOCK_DGRAM)
        control_ports = free_ports(len(agents))
        for index, login in enumerate(agents):
            settings = PhoneSettings(
                login=login,
                secret=world.credentials.sip_passwords[login],
                registrar=world.plan.registrar,
                sip_port=sip_ports[index],
                control_port=control_ports[index],
                rtp_first=world.plan.phones_rtp_first + PHONE_RTP_PORTS * index,
                folder=world.plan.folder / "phones" / login,
                speech=world.sounds.agent,
                register_every_s=GUEST_REGISTERS_S if login == self._guest else 60,
            )
            self.phones[login] = BaresipPhone(settings)
        phones = self.phones.values()
        await at_once(*map(self._stack.enter_async_context, phones))
        await at_once(*(phone.registered() for phone in phones))

    def _seat(self) -> None:
        for login, phone in self.phones.items():
            if login == self._guest:
                continue
            seated = SimulatedAgent(
                login,
                self.world.credentials.passwords[login],
                phone,
                self.world.plan.api_url,
                rng=Random(self._rng.getrandbits(64)),
                log=self.log,
                habits=self._habits,
            )
            self.agents.append(seated)
            name = f"agent {login}"
            self._work.append(asyncio.create_task(seated.run(), name=name))
        self._stack.push_async_callback(self._go_home)

    async def _all_ready(self) -> None:
        ready = asyncio.gather(*(a.ready.wait() for a in self.agents))
        try:
            async with asyncio.timeout(30):
                await ready
        except TimeoutError:
            late = [a.login for a in self.agents if not a.ready.is_set()]
            raise TimeoutError(
                f"not ready after 30 s: {', '.join(late)}; {self.log.mishaps[-3:]}"
            ) from None

    async def _go_home(self) -> None:
        for task in self._work:
            task.cancel()
        for outcome in await asyncio.gather(*self._work, return_exceptions=True):
            if isinstance(outcome, Exception):
                self.log.mishaps.append(f"an agent broke: {outcome!r}")

    def check(self) -> None:
        """Raise what broke an agent: a defect of the simulator must not pass."""
        for task in self._work:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise RuntimeError(f"{task.get_name()} broke") from task.exception()
