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
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sim.agent_log import AgentLog, Habits, Handled, Paused, Saved
from sim.desktop import Desktop, DesktopError, SeenCard, attend
from sim.phones.baresip import BaresipPhone, PhoneCall
from sim.phones.control import PhoneError

_JOIN_PATIENCE_S = 5.0
_MACHINE_PATIENCE_S = 8.0


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
        has_desk: bool = True,
        unix_clock: Callable[[], float] = time.time,
    ) -> None:
        self.login = login
        self._password = password
        self.phone = phone
        self._base_url = base_url
        self._rng = rng
        self._log = log
        self._habits = habits or Habits()
        self._has_desk = has_desk
        self._unix_clock = unix_clock
        self.desktop: Desktop | None = None
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Work: take calls, fill in forms, come back when the engine was away."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sit_at_the_phone(), name=f"{self.login} phone")
            if self._has_desk:
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
        if _sounds_like_a_machine(card):
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
        form = self._fill_in(card)
        at = self._unix_clock()
        try:
            await desktop.say("disposition", call=card.call, finish=True, **form)
        except DesktopError as error:
            self._mishap(f"disposition of {card.call}: {error}")
            return
        self._log.saved.append(
            Saved(
                self.login,
                card.call,
                str(card.card.get("shop", "")),
                _order_number(card),
                str(form["disposition"]),
                at,
            )
        )

    def _fill_in(self, card: SeenCard) -> dict[str, Any]:
        order = card.card.get("order")
        if order is None:
            return {"disposition": "informed", "note": "answered a question"}
        if _sounds_like_a_machine(card):
            return {"disposition": "machine", "order": order}
        if self._rng.uniform(0, 1) >= self._habits.confirms:
            what = self._rng.choice(["cancelled", "callback"])
            return {"disposition": what, "order": order, "note": "as they wish"}
        day = datetime.now(UTC).date() + timedelta(days=self._rng.randint(1, 4))
        delivery = {
            "method": "courier",
            "address": f"Lesnaya street {self._rng.randint(1, 90)}",
            "date": day.isoformat(),
            "time_from": "10:00",
            "time_to": "14:00",
        }
        return {"disposition": "confirmed", "order": order, "delivery": delivery}

    def _draw(self, span: tuple[float, float]) -> float:
        return self._rng.uniform(*span)

    def _mishap(self, text: str) -> None:
        self._log.mishaps.append(f"{self.login}: {text}")


def _sounds_like_a_machine(card: SeenCard | None) -> bool:
    """Hear what the simulated customers say: numbers that end in 8 are machines."""
    if card is None or card.card.get("direction") != "outbound":
        return False
    return str(card.card.get("number") or "").endswith("8")


def _order_number(card: SeenCard) -> str:
    wanted = card.card.get("order")
    for order in card.card.get("orders", ()):
        if wanted is not None and order.get("order") == wanted:
            return str(order.get("number", ""))
    return ""


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
