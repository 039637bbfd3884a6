"""
Simulated agents: a softphone and a desktop, and a person between them.

The person answers after a human time, talks, hangs up, fills in the form. Phone and
desktop are lived separately, as in an office: nothing tells one about the other
except the engine, and that is what is measured.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from sim.agent_log import AgentLog, Habits, Handled, Paused, Saved
from sim.desktop import Desktop, DesktopError, SeenCard, attend
from sim.forms import fill_in, order_number, sounds_like_a_machine
from sim.phones.baresip import BaresipPhone, PhoneCall
from sim.phones.control import PhoneError

_JOIN_PATIENCE_S = 5.0
_MACHINE_PATIENCE_S = 8.0
_SAVES_FOR_S = 60.0
"""So long an agent tries to save a form while a part of the engine is away."""


class SimulatedAgent:
    """One agent at work: `run()` until cancelled."""

    def __init__(
        self,
        login: str,
        password: str,
        phone: BaresipPhone,
        base_url: str,
        *,
        rng: Random,
        log: AgentLog,
        habits: Habits | None = None,
        unix_clock: Callable[[], float] = time.time,
    ) -> None:
        self.login = login
        self._password = password
        self.phone = phone
        self._base_url = base_url
        self._rng = rng
        self._log = log
        self._habits = habits or Habits()
        self._unix_clock = unix_clock
        self.desktop: Desktop | None = None
        self.ready = asyncio.Event()
        self._unsure: dict[str, Saved] = {}

    async def run(self) -> None:
        """Work: take calls, fill in forms, come back when the engine was away."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sit_at_the_phone(), name=f"{self.login} phone")
            group.create_task(self._sit_at_the_desk(), name=f"{self.login} desk")

    # --- the phone ---------------------------------------------------------------

    async def _sit_at_the_phone(self) -> None:
        while True:
            call = await self.phone.incoming.get()
            try:
                await self._take_call(call)
            except PhoneError as error:
                if not call.closed.is_set():
                    self._mishap(f"phone: {error}")

    async def _take_call(self, call: PhoneCall) -> None:
        handled = Handled(self.login, call.caller, call.auto_answer, call.invite_at)
        self._log.handled.append(handled)
        if not call.auto_answer:
            await _within(call.closed, self._draw(self._habits.answers_s))
            if not call.closed.is_set():
                await self.phone.answer()
        # Looked at now, so that a card that came late is seen to be late.
        self._match(handled, call)
        if await self._established(call):
            handled.established_at = call.established_at
            self._match(handled, call)
            await self._converse(call, handled)
        handled.closed_at = call.closed_at

    def _match(self, handled: Handled, call: PhoneCall) -> None:
        handled.ring_at = call.ringing_at or call.invite_at
        card = self._card_on_desk()
        if card is not None and not handled.call:
            handled.call, handled.card_at = card.call, card.first_at
            handled.direction = str(card.card.get("direction", ""))

    def _card_on_desk(self) -> SeenCard | None:
        cards = self.desktop.cards.values() if self.desktop is not None else ()
        on_desk = [c for c in cards if c.closed is None and c.state != "wrap_up"]
        return on_desk[-1] if on_desk else None

    async def _established(self, call: PhoneCall) -> bool:
        waits = [
            asyncio.create_task(call.established.wait()),
            asyncio.create_task(call.closed.wait()),
        ]
        try:
            await asyncio.wait(
                waits, timeout=_JOIN_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
        return call.established.is_set()

    async def _converse(self, call: PhoneCall, handled: Handled) -> None:
        card = self._card_of(handled.call)
        if card is not None:
            await self._until_joined(card, call)
        if sounds_like_a_machine(card):
            # The engine should notice first; an agent who must do it is slower.
            await _within(call.closed, _MACHINE_PATIENCE_S)
        else:
            await _within(call.closed, self._draw(self._habits.talks_s))
            if self._rng.uniform(0, 1) < self._habits.lets_the_other_end:
                await _within(call.closed, self._habits.patience_s)
        if not call.closed.is_set():
            with suppress(PhoneError):  # the other side may end it just now
                await self.phone.hang_up()
        await _within(call.closed, _JOIN_PATIENCE_S)
        if not call.closed.is_set():
            self._mishap("phone: the call did not end on hang-up")

    def _card_of(self, call: str) -> SeenCard | None:
        return self.desktop.cards.get(call) if self.desktop is not None else None

    async def _until_joined(self, card: SeenCard, call: PhoneCall) -> None:
        joined = asyncio.create_task(
            card.until(lambda c: c.closed is not None or c.state != "ringing")
        )
        try:
            await _within(call.closed, _JOIN_PATIENCE_S, joined)
        finally:
            joined.cancel()

    # --- the desk ----------------------------------------------------------------

    async def _sit_at_the_desk(self) -> None:
        while True:
            try:
                async with Desktop(self._base_url) as desktop:
                    await desktop.log_in(self.login, self._password)
                    await desktop.connect()
                    self._look_back(desktop)
                    self.desktop = desktop
                    await self._work(desktop)
            except (DesktopError, OSError) as error:
                self._mishap(f"desktop: {error}")
            self.ready.clear()
            # The engine is away; a page tries again every second too.
            await asyncio.sleep(1.0)

    async def _work(self, desktop: Desktop) -> None:
        try:
            await attend(desktop, self._stay_ready, self._serve)
        finally:
            self._log.gaps += desktop.gaps

    async def _stay_ready(self, desktop: Desktop) -> None:
        """Say ready whenever we are found offline or paused, until disconnected."""
        answered: dict[str, Any] | None = None
        while desktop.connected:
            desktop.changed.clear()
            seen = desktop.agent
            if seen.get("state") == "ready":
                self.ready.set()
            elif seen.get("state") in {"offline", "paused"} and seen is not answered:
                # Once per message about us: what follows from it may take a moment.
                answered = seen
                reason = str(seen.get("reason") or "")
                self._log.rona += reason == "rona"
                if seen.get("state") == "paused":
                    paused = Paused(self.login, reason, time.monotonic())
                    self._log.pauses.append(paused)
                await desktop.say("ready")
                continue
            await desktop.changed.wait()

    async def _serve(self, desktop: Desktop, card: SeenCard) -> None:
        await card.until(lambda c: c.closed is not None or c.state == "wrap_up")
        if card.closed is not None:
            return
        await asyncio.sleep(self._draw(self._habits.wraps_up_s))
        form = fill_in(card, self._rng, self._habits.confirms)
        await self._save(desktop, card, form)

    async def _save(
        self, desktop: Desktop, card: SeenCard, form: dict[str, Any]
    ) -> None:
        """Save the form, again while the engine asks for that."""
        self._unsure[card.call] = saved = Saved(
            self.login,
            card.call,
            str(card.card.get("shop", "")),
            order_number(card),
            str(form["disposition"]),
            self._unix_clock(),
        )
        error = await self._told(desktop, card.call, form)
        if not desktop.connected and error:
            return  # the next desktop shows whether it was taken
        del self._unsure[card.call]
        if error:
            self._mishap(f"disposition of {card.call}: {error}")
        else:
            self._log.saved.append(saved)

    async def _told(self, desktop: Desktop, call: str, form: dict[str, Any]) -> str:
        """Say it; why it was refused, or nothing."""
        give_up_at = self._unix_clock() + _SAVES_FOR_S
        while True:
            try:
                await desktop.say("disposition", call=call, finish=True, **form)
            except DesktopError as error:
                if error.code != "try_again" or self._unix_clock() > give_up_at:
                    return str(error)
            else:
                return ""
            await asyncio.sleep(1.0)

    def _look_back(self, desktop: Desktop) -> None:
        """Find out about forms whose reply got lost with the desktop before."""
        for call, saved in list(self._unsure.items()):
            del self._unsure[call]
            if call not in desktop.cards:  # a card that is still open is served again
                self._log.saved.append(saved)

    def _draw(self, span: tuple[float, float]) -> float:
        return self._rng.uniform(*span)

    def _mishap(self, text: str) -> None:
        self._log.mishaps.append(f"{self.login}: {text}")


async def _within(
    event: asyncio.Event, limit_s: float, or_else: asyncio.Task[None] | None = None
) -> None:
    """Wait for an event, or a task if given, at most so long."""
    wait = asyncio.create_task(event.wait())
    waits: set[asyncio.Task[Any]] = {wait} | ({or_else} if or_else else set())
    try:
        await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        wait.cancel()
