"""
What Asterisk knows of the agents' phones, read over AMI: bindings and device state.

Read only. panoramisk parses; connecting again is done here, because its own way sends
unanswered actions twice and does not notice a dead peer or a refused login.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import structlog
from panoramisk.manager import Manager

from callengine.asterisk.trunk_watch import REGISTRY, TrunkWatch
from callengine.core.facts import EndpointChanged
from callengine.core.ids import Instant
from callengine.engine.ports import FactSink

log = structlog.get_logger(__name__)

_LIST = {"Action": "PJSIPShowEndpoints"}
_NEVER_S = 10**9
_IN_USE = frozenset({"inuse", "busy", "ringing", "ringinuse", "onhold"})
_NOT_THERE = frozenset({"unavailable", "invalid"})
_DEAD_BINDING = frozenset({"removed", "unreachable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """
    How to reach AMI, and how patient to be.

    Attributes:
        within_s: deadline of connecting, and of each answer.
        ping_every_s: between two proofs that the other side lives.
        list_every_s: between two full listings, which heal whatever was missed.
        backoff_s: longest wait before the first, second, third... reconnect.
    """

    host: str = "127.0.0.1"
    port: int = 5038
    user: str = "callengine"
    password: str
    within_s: float = 5.0
    ping_every_s: float = 10.0
    list_every_s: float = 60.0
    backoff_s: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0)


class AmiRefused(Exception):
    """The login or the listing was refused: an admin's move."""


class _Lost(Exception):
    """This connection is of no use any more."""


@dataclass(slots=True)
class _Phone:
    """One endpoint as last seen; None is not known."""

    bindings: set[str] | None = None
    reachable: bool | None = None
    in_use: bool | None = None
    told: tuple[bool | None, bool | None] = (None, None)


class _Discreet:
    """panoramisk's log without whole messages: some hold passwords."""

    def __getattr__(self, level: str) -> Callable[..., None]:
        whole = level in ("debug", "info")
        return (lambda *_: None) if whole else getattr(log, level)


class _Connection(Manager):  # type: ignore[misc]  # panoramisk has no types
    """One connection of panoramisk that never connects again by itself."""

    def __init__(self, settings: AmiSettings) -> None:
        super().__init__(
            host=settings.host,
            port=settings.port,
            username=settings.user,
            secret=settings.password,
            # Bytes one to one: as UTF-8 a character cut by a packet would vanish.
            encoding="latin-1",
            ping_delay=_NEVER_S,
            log=_Discreet(),
        )
        self.lost = asyncio.Event()

    def connection_made(self, opened: "asyncio.Future[Any]") -> None:
        """Log in, if the connection was made; who awaits it sees why not."""
        if not opened.cancelled() and opened.exception() is None:
            super().connection_made(opened)

    def connection_lost(self, exc: object) -> None:
        """Tell the owner, who decides what next."""
        self.lost.set()

    async def ask(self, action: dict[str, str], within_s: float) -> Any:
        """Send an action; its answer. Raises `_Lost`."""
        answer = self.send_action(dict(action))
        return await self.answered(answer, within_s)

    async def answered(self, answer: "asyncio.Future[Any]", within_s: float) -> Any:
        """Wait for an answer or the loss of the connection. Raises `_Lost`."""
        gone = asyncio.create_task(self.lost.wait())
        try:
            await asyncio.wait(
                {answer, gone}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            gone.cancel()
        if not answer.done():
            why = "closed" if self.lost.is_set() else "no answer in time"
            raise _Lost(f"AMI: {why}")
        return answer.result()


@dataclass
class EndpointWatch:
    """
    Tells `EndpointChanged` when a phone's bindings or use change.

    `run()` connects and connects again until cancelled. While AMI is away the last
    known states stand.
    """

    settings: AmiSettings
    sink: FactSink
    clock: Callable[[], Instant]
    rng: Random
    trunks: frozenset[str] = frozenset()
    """Endpoints that are carriers, by name."""
    up: bool = False
    """Logged in and listed."""
    refused: str = ""
    """Why an admin must act, '' when all is well."""
    events: int = 0
    _phones: dict[str, _Phone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Watch carriers as well as phones."""
        self.carriers = TrunkWatch(self.trunks, self.sink, self.clock)

    async def run(self) -> None:
        """Watch until cancelled."""
        failures = 0
        while True:
            try:
                await self._watch()
            except AmiRefused as e:
                self.refused = str(e)
                log.error("AMI refused us", why=self.refused)
            except (_Lost, OSError, TimeoutError) as e:
                log.warning("AMI lost", why=f"{type(e).__name__}: {e}"[:200])
            failures = 0 if self.up else failures + 1
            self.up = False
            delays_s = self.settings.backoff_s
            longest_s = delays_s[min(failures, len(delays_s) - 1)]
            await asyncio.sleep(self.rng.uniform(longest_s / 2, longest_s))

    def phone(self, endpoint: str) -> tuple[bool | None, bool | None]:
        """Say whether a phone is reachable and in use, as last told."""
        return self._phones.get(endpoint, _Phone()).told

    async def _watch(self) -> None:
        """Serve one connection until it is lost; always raises."""
        s = self.settings
        connection = _Connection(s)
        connection.register_event("ContactStatus", self._on_binding)
        connection.register_event("DeviceStateChange", self._on_device)
        connection.register_event(REGISTRY, self.carriers.on_registry)
        try:
            async with asyncio.timeout(s.within_s):
                await connection.connect()
            login = connection.authenticated_future
            answer = await connection.answered(login, s.within_s)
            if not answer.success:
                raise AmiRefused(f"{answer.message} (user {s.user})")
            loop = asyncio.get_running_loop()
            while True:
                await self._list(connection)
                self.refused, self.up = "", True
                ask = partial(connection.ask, within_s=s.within_s)
                await self.carriers.list(ask)
                list_at = loop.time() + s.list_every_s
                while loop.time() < list_at:
                    await self._rest(connection)
        finally:
            connection.close()

    async def _rest(self, connection: _Connection) -> None:
        try:
            async with asyncio.timeout(self.settings.ping_every_s):
                await connection.lost.wait()
        except TimeoutError:
            await connection.ask({"Action": "Ping"}, self.settings.within_s)
        else:
            raise _Lost("AMI: closed")

    # --- what Asterisk says ----------------------------------------------------------

    async def _list(self, connection: _Connection) -> None:
        """Read every endpoint; the ones that are no more cannot be reached."""
        answer = await connection.ask(_LIST, self.settings.within_s)
        if not isinstance(answer, list):
            raise AmiRefused(f"{_LIST['Action']}: {answer.message}")
        listed = [said for said in answer if said.event == "EndpointList"]
        names = {f"PJSIP/{said.objectname}" for said in listed}
        for said in listed:
            self._learn(f"PJSIP/{said.objectname}", said.contacts, said.devicestate)
        for endpoint in self._phones.keys() - names:
            self._phones[endpoint].reachable = False
            self._phones[endpoint].in_use = False
            self._tell(endpoint)
            del self._phones[endpoint]

    def _learn(self, endpoint: str, contacts: str, state: str) -> None:
        phone = self._phones.setdefault(endpoint, _Phone())
        word = _word(state)
        # Listed bindings may be dead; the state says whether any of them lives.
        alive = word not in _NOT_THERE
        phone.bindings = set(_uris(contacts)) if alive else set()
        phone.reachable = alive
        phone.in_use = word in _IN_USE
        # Told again though unchanged: the engine may hold a phone that did not respond
        # to be away, and this is how it learns better.
        self._tell(endpoint, again=True)

    def _on_binding(self, _manager: Manager, said: Any) -> None:
        self.events += 1
        if not said.endpointname:
            return
        self.carriers.on_contact(said)
        endpoint = f"PJSIP/{said.endpointname}"
        phone = self._phones.setdefault(endpoint, _Phone())
        bindings = phone.bindings if phone.bindings is not None else set()
        known = said.uri in bindings
        if _word(said.contactstatus) in _DEAD_BINDING:
            bindings.discard(said.uri)
        else:
            bindings.add(said.uri)
        phone.bindings = bindings
        phone.reachable = bool(bindings)
        # A phone that was started again may come back under the same binding: the
        # engine, which holds it to be away, learns so.
        self._tell(endpoint, again=known and said.uri in bindings)

    def _on_device(self, _manager: Manager, said: Any) -> None:
        self.events += 1
        endpoint = said.device
        if not endpoint.startswith("PJSIP/"):
            return
        phone = self._phones.setdefault(endpoint, _Phone())
        word = _word(said.state)
        phone.in_use = word in _IN_USE
        # A phone in a call may have lost its binding: only bindings grant.
        if word in _NOT_THERE:
            phone.reachable = False
        elif phone.bindings is None:
            phone.reachable = True
        self._tell(endpoint)

    def _tell(self, endpoint: str, *, again: bool = False) -> None:
        phone = self._phones[endpoint]
        now = (phone.reachable, phone.in_use)
        if now == phone.told and not again:
            return
        phone.told = now
        fact = EndpointChanged(
            at=self.clock(), endpoint=endpoint, reachable=now[0], in_use=now[1]
        )
        self.sink(fact)


def _word(state: str) -> str:
    """Bring `Not in use` of the listing and `NOT_INUSE` of the event together."""
    return state.lower().replace(" ", "").replace("_", "")


def _uris(contacts: str) -> Iterable[str]:
    """Read `anna/sip:anna@10.0.0.1:5060,anna/sip:...,`."""
    for contact in contacts.split(","):
        _aor, slash, uri = contact.partition("/")
        if slash:
            yield uri
