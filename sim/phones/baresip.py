"""An agent's softphone: one baresip process, registered, driven by its control port."""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sim.phones.account import PhoneSettings as PhoneSettings
from sim.phones.control import PhoneControl, PhoneError
from sim.phones.trace import SipMessage, TraceReader
from sim.processes import Child, start_child

_REMEMBERED_CALLS = 20


@dataclass(slots=True)
class PhoneCall:
    """
    A call on the phone; instants are `time.monotonic()`, None until they came.

    Attributes:
        invite_at: the INVITE was read from the phone's trace.
        ringing_at: the phone sent 180.
    """

    sip_call_id: str
    caller: str
    auto_answer: bool
    invite_at: float
    ringing_at: float | None = None
    established_at: float | None = None
    closed_at: float | None = None
    ended_by_far_side: bool = False
    answered: bool = False
    """The phone sent 200; the caller's ACK makes the call established."""
    established: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class BaresipPhone:
    """
    A registered softphone. `incoming` holds calls in the order they rang.

    Use as an async context manager; leaving ends the process by its id.
    """

    def __init__(
        self,
        settings: PhoneSettings,
        *,
        on_call: Callable[[PhoneCall], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.calls: dict[str, PhoneCall] = {}
        self.listens_on = False
        """Nobody hangs up: the agent goes on listening into silence."""
        self.incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._on_call = on_call
        self._clock = clock
        self._control = PhoneControl(self._on_event)
        self._registered = asyncio.Event()
        self._child: Child | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "BaresipPhone":
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        folder = self.settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.settings.files().items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text)
        # stdbuf: the trace must come line by line, not in blocks of 4 KiB.
        self._child = await start_child(
            ["stdbuf", "-oL", "baresip", "-s", "-f", str(folder)],
            name=f"phone {self.settings.login}",
            log=folder / "phone.log",
            output="pipe",
        )
        self._spawn(self._read_trace(), "trace")
        try:
            await self._control.connect(self.settings.control_port)
        except PhoneError:
            self._child.check()
            raise

    async def registered(self, *, within_s: float = 10.0) -> None:
        """Wait until Asterisk took the registration. Raises `PhoneError`."""
        try:
            async with asyncio.timeout(within_s):
                await self._registered.wait()
        except TimeoutError:
            raise PhoneError(
                f"{self.settings.login} did not register within {within_s:g} s"
            ) from None

    async def answer(self) -> None:
        """Answer the call that rings."""
        await self._control.command("accept")

    async def hang_up(self) -> None:
        """End the current call, or reject the one that rings."""
        if self.listens_on:
            return
        await self._control.command("hangup")

    async def speak_again(self) -> None:
        """Begin the speech anew; at its end this phone would end the call."""
        await self._control.command("ausrc", f"aufile,{self.settings.speech}")

    async def stop(self) -> None:
        """End the phone; a call on it is cut."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Let it vanish: no BYE, no more sound, and its registration stays."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Start it again after `kill`; its calls are no more."""
        self._registered.clear()
        for call in self.calls.values():
            _close(call, self._clock())
        self._control = PhoneControl(self._on_event)
        await self._start()

    async def _end(self, how: signal.Signals) -> None:
        if self._child is not None and how is signal.SIGKILL:
            await self._child.stop(ask=how, grace_s=3.0)
        await self._control.close()
        if self._child is not None:
            await self._child.stop(grace_s=3.0)
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @property
    def pid(self) -> int | None:
        """Process id of the phone."""
        return None if self._child is None else self._child.pid

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=f"{self.settings.login} {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_trace(self) -> None:
        assert self._child is not None
        assert self._child.process.stdout is not None
        reader = TraceReader()
        async for line in self._child.process.stdout:
            text = line.decode(errors="replace").rstrip("\r\n")
            message = reader.feed(text, self._clock())
            if message is not None:
                self._see(message)

    def _see(self, message: SipMessage) -> None:
        incoming = message.target != self.settings.registrar
        call = self.calls.get(message.call_id)
        match message.method, message.status:
            case "REGISTER", 200:
                self._registered.set()
            case "INVITE", None if incoming and call is None:
                self._rang(message)
            case "INVITE", 180 if call is not None and call.ringing_at is None:
                self._alerting(call, message.at)
            case "ACK", None if call is not None and call.answered:
                _establish(call, message.at)
            case "INVITE", 200 if call is not None:
                call.answered = True
            case (("BYE" | "CANCEL"), None) if call is not None:
                if call.closed_at is None:
                    call.ended_by_far_side = incoming
                _close(call, message.at)

    def _rang(self, message: SipMessage) -> None:
        call = PhoneCall(
            message.call_id, message.caller, message.wants_auto_answer, message.at
        )
        self._forget_old_calls()
        self.calls[message.call_id] = call
        self.incoming.put_nowait(call)
        if self._on_call is not None:
            self._on_call(call)

    def _forget_old_calls(self) -> None:
        over = [key for key, call in self.calls.items() if call.closed_at is not None]
        for key in over[:-_REMEMBERED_CALLS]:
            del self.calls[key]

    def _alerting(self, call: PhoneCall, at: float) -> None:
        call.ringing_at = at
        if call.auto_answer and self.settings.honours_auto_answer:
            self._spawn(self._answer_at_once(), "answers")

    def _on_event(self, event: dict[str, Any]) -> None:
        # The trace is quicker: the port's small writes wait for our delayed ACK.
        call = self.calls.get(str(event.get("id", "")))
        kind = event.get("type")
        if kind == "REGISTER_OK":
            self._registered.set()
        elif call is not None and kind == "CALL_CLOSED":
            _close(call, self._clock())

    async def _answer_at_once(self) -> None:
        # The caller may have left meanwhile: the call's own events tell.
        with suppress(PhoneError):
            await self.answer()


def _establish(call: PhoneCall, at: float) -> None:
    if call.established_at is None:
        call.established_at = at
        call.established.set()


def _close(call: PhoneCall, at: float) -> None:
    if call.closed_at is None:
        call.closed_at = at
        call.closed.set()
