"""
The agents' desks of a live run: log in, say ready, wrap up as long as drawn.

Phones answer by themselves and are SIPp's; a desk only knows what its desktop shows.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from sim.desktop import Desktop, DesktopError, SeenCard, attend
from sim.livedialer.fates import Service
from sim.livedialer.spans import Shown, Span, busy_spans, mean, utilisation

ALL_READY_S = 40.0


@dataclass(frozen=True, slots=True)
class Wrap:
    """A wrap-up as an agent lived it: the form came, the form was taken."""

    agent: str
    call: str
    number: str
    """The customer's, without the plus."""
    span: Span


@dataclass(slots=True)
class DeskLog:
    """What all desks saw; instants are Unix time."""

    shown: dict[str, list[Shown]] = field(default_factory=dict)
    wraps: list[Wrap] = field(default_factory=list)
    refused: int = 0
    """Offers that ended without a talk because of the agent's phone."""
    gaps: int = 0
    mishaps: list[str] = field(default_factory=list)


class Desks:
    """Everybody's desks; an async context manager: everybody is logged in at first."""

    def __init__(
        self, base_url: str, passwords: dict[str, str], services: list[Service]
    ) -> None:
        self.log = DeskLog()
        self._turns: Iterator[int] = count()
        self._desks = [
            Desk(base_url, login, password, self, services)
            for login, password in passwords.items()
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = False

    async def __aenter__(self) -> "Desks":
        self._tasks = [
            asyncio.create_task(desk.run(), name=f"desk of {desk.login}")
            for desk in self._desks
        ]
        try:
            async with asyncio.timeout(ALL_READY_S):
                await asyncio.gather(*(desk.ready.wait() for desk in self._desks))
        except BaseException as error:
            await self.__aexit__()
            if isinstance(error, TimeoutError):
                late = [desk.login for desk in self._desks if not desk.ready.is_set()]
                raise TimeoutError(
                    f"not ready: {', '.join(late)}; {self.log.mishaps[-3:]}"
                ) from None
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                self.log.mishaps.append(f"a desk broke: {outcome!r}")

    def next_turn(self) -> int:
        """Number the talks in the order in which they begin."""
        return next(self._turns)

    def check(self) -> None:
        """Raise what broke a desk: a defect of the simulator must not pass."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise RuntimeError(f"{task.get_name()} broke") from task.exception()

    def states(self) -> dict[str, int]:
        """Count agents by the state their desktops show."""
        counts: dict[str, int] = {}
        for shown in self.log.shown.values():
            if shown:
                counts[shown[-1].state] = counts.get(shown[-1].state, 0) + 1
        return counts

    def utilisation(self, window: Span) -> float:
        """Say how busy everybody was in a window that ends now."""
        spans = {
            login: busy_spans(shown, window.ends)
            for login, shown in self.log.shown.items()
        }
        return mean(utilisation(spans, window, list(spans)))


class Desk:
    """One agent's desk: `run()` until cancelled."""

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        office: Desks,
        services: list[Service],
    ) -> None:
        self.login = login
        self.ready = asyncio.Event()
        self._base_url = base_url
        self._password = password
        self._office = office
        self._services = services
        self._log = office.log
        self._shown = office.log.shown.setdefault(login, [])

    async def run(self) -> None:
        """Work; come back when the engine was away."""
        while True:
            try:
                async with Desktop(self._base_url) as desktop:
                    await desktop.log_in(self.login, self._password)
                    await desktop.connect()
                    await self._work(desktop)
            except (DesktopError, OSError) as error:
                self._mishap(str(error))
            await asyncio.sleep(1.0)  # a page tries again every second too

    async def _work(self, desktop: Desktop) -> None:
        try:
            await attend(desktop, self._stay_ready, self._serve)
        finally:
            self._log.gaps += desktop.gaps

    async def _stay_ready(self, desktop: Desktop) -> None:
        """Note every state, and say ready when found offline or paused."""
        answered: dict[str, object] | None = None
        while desktop.connected:
            desktop.changed.clear()
            seen = desktop.agent
            state = str(seen.get("state", ""))
            self._note(Shown(float(seen.get("since", 0.0)), state))
            if state == "ready":
                self.ready.set()
            elif state in {"offline", "paused"} and seen is not answered:
                answered = seen  # what follows from it may take a moment
                if not self._office.closed:
                    self._log.refused += self.ready.is_set()
                    await desktop.say("ready")
                    continue
            await desktop.changed.wait()

    def _note(self, shown: Shown) -> None:
        if not self._shown or self._shown[-1] != shown:
            self._shown.append(shown)

    async def _serve(self, desktop: Desktop, card: SeenCard) -> None:
        await card.until(lambda c: c.closed is not None or c.state == "talking")
        if card.closed is not None:
            return  # the customer was not reached
        service = self._services[self._office.next_turn() % len(self._services)]
        await card.until(lambda c: c.closed is not None or c.state == "wrap_up")
        if card.closed is not None:
            return  # taken for a machine: nothing to fill in
        began = time.time()
        await asyncio.sleep(service.wrap_up_s)
        await self._fill_in(desktop, card, began)

    async def _fill_in(self, desktop: Desktop, card: SeenCard, began: float) -> None:
        form = {"disposition": "cancelled", "order": card.card.get("order")}
        try:
            await desktop.say("disposition", call=card.call, finish=True, **form)
        except DesktopError as error:
            self._mishap(f"disposition of {card.call}: {error}")
            return
        number = str(card.card.get("number") or "").lstrip("+")
        span = Span(began, time.time())
        self._log.wraps.append(Wrap(self.login, card.call, number, span))

    def _mishap(self, text: str) -> None:
        if not self._office.closed:
            self._log.mishaps.append(f"{self.login}: {text}")
