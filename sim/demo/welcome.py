"""Receiving a person in the demo: their place, their phone, and how to get there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp

from sim.demo.guest import Guest
from sim.demo.keys import keys
from sim.demo.phone_page import PhonePage
from sim.world.ari import hang_up_phone
from sim.world.engine_api import ApiRefused
from sim.world.plan import TRUNK_ADDRESS, Timing
from sim.world.staff import Staff
from sim.world.steps import Say
from sim.world.world import World

TIMING = Timing(ring_s=20, wrap_up_s=300)
"""A person finds the phone, and fills in a form, in their own time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a person must know."""

    guest: Guest
    page: str
    phone_page: str
    login: str
    password: str
    sip_password: str
    registrar: str
    dialled: str

    def lines(self) -> list[str]:
        """Say it, most needed first; each line can be pasted whole."""
        account = f"<sip:{self.login}@{self.registrar}>"
        return [
            f"Agent page   {self.page}",
            f"Log in as    {self.login}   password {self.password}",
            "             and press Ready: a call comes within half a minute.",
            f"Your phone   {self.phone_page}   answers by itself, hangs up when you"
            " say so",
            "Or your own, on this machine; it takes over as soon as it registers."
            " Let it answer by itself.",
            f'  baresip    baresip -e "/uanew {account};auth_pass={self.sip_password}'
            ';answermode=auto"',
            f"  Linphone   user {self.login}, domain {self.registrar}, password"
            f" {self.sip_password}, UDP",
            f"Call a shop  sipp -sn uac -s {self.dialled} -i {TRUNK_ADDRESS} -d 10000"
            f" -m 1 {self.registrar}",
        ]


@asynccontextmanager
async def welcome(
    login: str, world: World, staff: Staff, say: Say, *, answers_itself: bool
) -> AsyncIterator[Invitation]:
    """Keep a place for a person during the block; keys a, h and r work their phone."""
    guest = Guest(
        world.plan, staff.phones[login], answers_itself=answers_itself, say=say
    )
    async with guest, PhonePage(guest) as page, asyncio.TaskGroup() as group:
        acts = {"a": guest.answer, "h": guest.hang_up}

        def on_key(key: str) -> None:
            if key == "r":
                guest.switch()
            elif key in acts:
                group.create_task(acts[key]())

        invitation = Invitation(
            guest=guest,
            page=f"{world.plan.api_url}/desktop",
            phone_page=page.url,
            login=login,
            password=world.credentials.passwords[login],
            sip_password=world.credentials.sip_passwords[login],
            registrar=world.plan.registrar,
            dialled=world.shops.shops[0].numbers[0],
        )
        for line in invitation.lines():
            say(line)
        say("Keys: a answers, h hangs up, r: answer by itself or not; Ctrl-C ends all.")
        with keys(on_key):
            yield invitation


async def see_off(login: str, world: World) -> None:
    """End the person's call, and let them have no other; the demo is over."""
    with suppress(ApiRefused, aiohttp.ClientError, TimeoutError):
        await world.api.pause(login)
        await hang_up_phone(world.plan, login)
