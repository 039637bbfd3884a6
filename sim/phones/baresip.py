"""An agent's softphone: one baresip process, registered, driven by its control port."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.phones.control import PhoneControl, PhoneError
from sim.phones.trace import SipMessage, TraceReader
from sim.processes import Child, start_child

MODULES = Path("/usr/lib/baresip/modules")
_CONFIG = """\
poll_method epoll
net_interface {host}
sip_listen {host}:{sip_port}
rtp_ports {rtp_first}-{rtp_last}
call_local_timeout 120
call_max_calls 4
audio_source aufile,{speech}
audio_player aufile,/dev/null
audio_alert aufile,/dev/null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
module_path {modules}
module g711.so
{security}\
module aufile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""
_ACCOUNT = (
    "<sip:{login}@{registrar}{transport}>;auth_user={login};auth_pass={secret};"
    "answermode=manual;regint=60;audio_codecs=pcma,pcmu{encryption}\n"
)
_SECURITY = """\
module srtp.so
sip_certificate {certificate}
sip_cafile {certificate}
"""
_REMEMBERED_CALLS = 20
_SAFE = re.compile(r"[A-Za-z0-9._+@:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """
    What one phone needs.

    Attributes:
        registrar: `HOST:PORT` of Asterisk.
        rtp_first: first of ten UDP ports, even.
        speech: 8 kHz mono 16-bit WAV that the agent says.
        certificate: PEM with its key, to speak TLS and SRTP; it is also whom the
            phone trusts. It then listens at `sip_port` + 1 too.
        honours_auto_answer: answer at once when the INVITE asks for it.
    """

    login: str
    secret: str
    registrar: str
    sip_port: int
    control_port: int
    rtp_first: int
    folder: Path
    speech: Path
    host: str = "127.0.0.1"
    honours_auto_answer: bool = True
    certificate: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would change the meaning of the phone's own files."""
        for value in (self.login, self.secret, self.registrar):
            if not _SAFE.fullmatch(value):
                raise ValueError("login, secret or registrar has a strange character")

    def files(self) -> dict[str, str]:
        """Make the phone's configuration files."""
        config = _CONFIG.format(
            host=self.host,
            sip_port=self.sip_port,
            rtp_first=self.rtp_first,
            rtp_last=self.rtp_first + 9,
            speech=self.speech,
            modules=MODULES,
            control_port=self.control_port,
            security=_SECURITY.format(certificate=self.certificate)
            if self.certificate
            else "",
        )
        account = _ACCOUNT.format(
            login=self.login,
            registrar=self.registrar,
            secret=self.secret,
            transport=";transport=tls" if self.certificate else "",
            encryption=";mediaenc=srtp-mand" if self.certificate else "",
        )
        return {"config": config, "accounts": account, "contacts": ""}


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
        await self._control.command("hangup")

    async def stop(self) -> None:
        """End the phone; a call on it is cut."""
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
