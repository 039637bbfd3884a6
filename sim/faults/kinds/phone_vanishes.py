"""
`faults phone-vanishes`: softphones and a caller are gone without a BYE (SIGKILL).

Two agents' phones die in the middle of a conversation, and one caller does. Whoever
talked to them must be told within half a minute: customers get another agent in their
old place, the agent wraps up.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sim.checks import Check, at_least, at_most, equal
from sim.faults.fault import Fault, Stage
from sim.faults.figures import cut_off
from sim.faults.seen import Seen, talking
from sim.phones.baresip import PhoneCall
from sim.phones.control import PhoneError
from sim.ports import free_ports
from sim.sipp.run import Sipp, SippSettings
from sim.waiting import until
from sim.world.plan import TRUNK_ADDRESS

PHONES = 2
GOAL_MS = 30_000.0
LONELY = "+79990000001"
"""The caller who vanishes; nobody else has this number."""


class PhoneVanishes(Fault):
    """Nothing is wrong with the engine: it must only notice."""

    name = "phone-vanishes"
    about = "two agents' phones and one caller die in the middle of a call, without BYE"
    for_s = 32.0
    heals_itself = True

    async def inject(self, stage: Stage) -> None:
        """Bring a caller to an agent; then kill that caller, and two phones."""
        caller = await self._caller(stage)
        self._call = await self._with_an_agent(stage)
        # Those on whom nobody hangs up soon, so that it is the loss that ends it.
        up = [call for call in talking(stage.staff) if call.caller != LONELY]
        up.sort(key=lambda call: -(call.established_at or 0.0))
        dying = {id(call): call for call in up[:PHONES]}
        self._dead = [
            agent
            for agent in stage.staff.agents
            if any(id(call) in dying for call in agent.phone.calls.values())
        ]
        self._left_alone = [call.caller for call in dying.values()]
        self._listener = next(
            (
                agent
                for agent in stage.staff.agents
                if self._call in agent.phone.calls.values()
            ),
            None,
        )
        if self._listener is not None:
            # Else the agent would hang up before anybody could notice the loss.
            self._listener.phone.listens_on = True
        self._killed_at = time.monotonic()
        await asyncio.gather(
            caller.stop_at_once(), *(agent.phone.kill() for agent in self._dead)
        )

    async def lift(self, stage: Stage) -> None:
        """Start the dead phones again, as their owners would."""
        if self._listener is not None:
            self._listener.phone.listens_on = False
        for agent in self._dead:
            with suppress(PhoneError):
                await agent.phone.restart()
                await agent.phone.registered()

    def excused(self, stage: Stage) -> frozenset[str]:
        """Pausing whose phone is gone is what is asked for."""
        return frozenset(agent.login for agent in self._dead)

    def _heard_the_end(self) -> float | None:
        """Say when the lonely caller's agent was told; nobody else ends that call."""
        return None if self._call is None else self._call.closed_at

    def figures(self, stage: Stage, seen: Seen) -> dict[str, Any]:
        """Say how soon each loss was found, and what became of the others."""
        dead = {agent.login for agent in self._dead}
        found = [
            (p.at - self._killed_at) * 1000
            for p in seen.pauses
            if p.login in dead and p.reason == "phone_lost" and p.at > self._killed_at
        ]
        served = {
            h.caller
            for h in seen.handled
            if h.login not in dead
            and h.established_at is not None
            and h.ring_at > self._killed_at
        }
        people = [*seen.callers, *seen.customers]
        left = {m.who for m in people if m.what == "left"}
        ended = self._heard_the_end()
        alone_ms = None if ended is None else (ended - self._killed_at) * 1000
        lost = cut_off(seen, seen.well_at(seen.lifted_at) or seen.lifted_at)
        return {
            "phones_killed": len(dead),
            "phones_found_ms": [round(ms) for ms in sorted(found)],
            "customers_left_alone": len(self._left_alone),
            "customers_served_again": len(set(self._left_alone) & (served | left)),
            "caller_found_ms": None if alone_ms is None else round(alone_ms),
            # The lonely caller's call ends, and that is right.
            "bridged_lost": sum(call.caller != LONELY for call in lost),
        }

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Both losses are found in time, and nobody is left."""
        found = figures["phones_found_ms"]
        return [
            at_least("phones killed", figures["phones_killed"], 1),
            equal("phones found gone", len(found), figures["phones_killed"]),
            at_most("phone found gone within, ms", max(found, default=None), GOAL_MS),
            at_most(
                "caller found gone within, ms",
                figures["caller_found_ms"],
                GOAL_MS,
            ),
            equal(
                "customers of dead phones served again",
                figures["customers_served_again"],
                figures["customers_left_alone"],
            ),
        ]

    async def _caller(self, stage: Stage) -> "Victim":
        world = stage.world
        assert world.sounds is not None
        (port,) = free_ports(1, host=TRUNK_ADDRESS, kind=socket.SOCK_DGRAM)
        shop = world.shops.shops[0]
        settings = SippSettings(
            scenario="caller_waits_for_the_agent_to_end",
            folder=world.plan.folder / "callers" / "lonely",
            address=TRUNK_ADDRESS,
            port=port,
            target=world.plan.registrar,
            numbers=[f"{LONELY};{TRUNK_ADDRESS};{shop.numbers[0]}"],
            calls=1,
            first_media_port=world.plan.sipp_rtp_first + 900,
            sounds=world.sounds.folder,
        )
        caller = Victim(settings)
        await caller.start()
        return caller

    async def _with_an_agent(self, stage: Stage) -> PhoneCall | None:
        async def joined() -> bool:
            return any(call.caller == LONELY for call in talking(stage.staff))

        if not await until(joined, every_s=0.05, within_s=80):
            stage.say("the caller who is to vanish got no agent in 80 s")
        up = [call for call in talking(stage.staff) if call.caller == LONELY]
        return up[0] if up else None


class Victim(Sipp):
    """A caller who vanishes."""

    async def stop_at_once(self) -> None:
        """Kill it: not a word to anybody."""
        assert self._child is not None
        await self._child.stop(ask=signal.SIGKILL, grace_s=2.0)


FAULT = PhoneVanishes()
