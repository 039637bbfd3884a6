"""
The place that the demo keeps free for a person: an agent without a robot at the desk.

The page is the person's. For who has no SIP phone at hand, one of ours rings for them:
it answers by itself, or when told to, and hangs up only when told to. As soon as a
phone of theirs registers, ours is gone; when theirs leaves, it is back.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from sim.phones.baresip import BaresipPhone, PhoneCall, PhoneSettings
from sim.phones.bindings import watch_bindings
from sim.phones.control import PhoneError
from sim.world.plan import Plan

RINGS_S = 2.0
"""So long our phone rings before it answers by itself, so that ringing is seen."""
SPEAKS_S = 30.0
"""The speech lasts longer; where it ends, the phone would end the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestView:
    """
    What the guest's phone is doing.

    Attributes:
        own_phone: SIP address of the person's own phone, empty while ours is used.
        state: idle, ringing or talking; of our phone.
        for_s: seconds in that state.
    """

    login: str
    answers_itself: bool
    own_phone: str
    state: str = "idle"
    caller: str = ""
    for_s: float = 0.0


class Guest:
    """
    The guest's phone; an async context manager.

    Args:
        phone: ours, registered; its own stop is the business of who made it.
        answers_itself: take calls without being told; orders' calls are always taken,
            as by every phone in auto-answer mode.
        say: told in words what happens, for who has no dashboard.
    """

    def __init__(
        self,
        plan: Plan,
        phone: BaresipPhone,
        *,
        answers_itself: bool,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.answers_itself = answers_itself
        self._plan = plan
        self._settings: PhoneSettings = phone.settings
        self._phone: BaresipPhone | None = phone
        self._say = say
        self._clock = clock
        self._call: PhoneCall | None = None
        self._own: set[str] = set()
        self._changed = asyncio.Event()
        self._switched = asyncio.Event()
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._taking: asyncio.Task[None] | None = None

    @property
    def login(self) -> str:
        """Of the agent whose place this is."""
        return self._settings.login

    async def __aenter__(self) -> "Guest":
        watching = watch_bindings(self._plan, self.login, self._on_binding)
        for work, name in ((watching, "bindings"), (self._mind(), "phone")):
            self._tasks.append(asyncio.create_task(work, name=f"guest {name}"))
        return self

    async def __aexit__(self, *exc: object) -> None:
        tasks = [*self._tasks, *filter(None, [self._taking])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stack.aclose()

    def check(self) -> None:
        """Raise what broke: a defect of the simulator must not pass."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise RuntimeError(f"{task.get_name()} broke") from task.exception()

    def view(self) -> GuestView:
        """Look at it."""
        own = min(self._own, default="")
        call = self._call
        if call is None:
            return GuestView(
                login=self.login, answers_itself=self.answers_itself, own_phone=own
            )
        since = call.established_at or call.invite_at
        return GuestView(
            login=self.login,
            answers_itself=self.answers_itself,
            own_phone=own,
            state="ringing" if call.established_at is None else "talking",
            caller=call.caller,
            for_s=self._clock() - since,
        )

    async def answer(self) -> None:
        """Take the call that rings; without one nothing happens."""
        if self._phone is not None and self._call is not None:
            with suppress(PhoneError):
                await self._phone.answer()

    async def hang_up(self) -> None:
        """End the call, or refuse the one that rings; without one nothing happens."""
        if self._phone is not None and self._call is not None:
            with suppress(PhoneError):
                await self._phone.hang_up()

    def switch(self) -> None:
        """Have our phone answer by itself from now on, or no longer."""
        self.answers_itself = not self.answers_itself
        self._switched.set()

    # --- the phone -------------------------------------------------------------------

    def _on_binding(self, uri: str, registered: bool) -> None:
        if f":{self._settings.sip_port}" in uri:
            return  # ours
        known = uri in self._own
        if registered and not known:
            self._own.add(uri)
            self._say(f"Your phone is registered: {uri}. Ours leaves the calls to it.")
        elif not registered and known:
            self._own.discard(uri)
            self._say("Your phone has left; ours answers again.")
        self._changed.set()

    async def _mind(self) -> None:
        """Use our phone while the person has none."""
        while True:
            self._changed.clear()
            if self._phone is None and not self._own:
                self._phone = BaresipPhone(self._settings)
                await self._stack.enter_async_context(self._phone)
            if self._phone is not None and self._taking is None:
                self._taking = asyncio.create_task(self._take_calls(self._phone))
            if self._own and self._phone is not None and self._call is None:
                await self._put_down(self._phone)
            await self._changed.wait()

    async def _put_down(self, phone: BaresipPhone) -> None:
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)
            self._taking = None
        self._phone = None
        await phone.stop()

    async def _take_calls(self, phone: BaresipPhone) -> None:
        while True:
            self._call = call = await phone.incoming.get()
            self._say(f"{self.login}'s phone rings: {call.caller}")
            try:
                await self._attend(call)
            finally:
                self._call = None
                self._changed.set()
            self._say(f"{self.login}'s call with {call.caller} is over")

    async def _attend(self, call: PhoneCall) -> None:
        if not call.auto_answer:
            await _within(RINGS_S, call.closed, call.established)
            while not (call.closed.is_set() or call.established.is_set()):
                self._switched.clear()
                if self.answers_itself:
                    await self.answer()
                    break
                await _first(call.closed, call.established, self._switched)
        while not await _closed(call, SPEAKS_S):
            if self._phone is not None and call.established.is_set():
                with suppress(PhoneError):
                    await self._phone.speak_again()


async def _closed(call: PhoneCall, within_s: float) -> bool:
    await _within(within_s, call.closed)
    return call.closed.is_set()


async def _within(limit_s: float, *events: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await _first(*events)


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
