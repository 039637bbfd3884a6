"""Phones watched over AMI: against a scripted server, and on real Asterisk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from callengine.asterisk.ami import AmiSettings, EndpointWatch
from callengine.core.facts import EndpointChanged
from tests.support.facts import FactLog
from tests.support.waiting import until

QUICK = (0.01,)


class FakeAmi:
    """AMI as a script: phones to list, events to send, silence and refusal."""

    def __init__(self) -> None:
        self.phones: dict[str, tuple[str, str]] = {}
        """Endpoint to its contacts and state, as listed."""
        self.password = "secret"
        self.may_list = True
        self.answers_pings = True
        self.logins = 0
        self.actions: list[str] = []
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "FakeAmi":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.drop()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def drop(self) -> None:
        """Close every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def send(self, **headers: str) -> None:
        """Send an event to who is connected."""
        for writer in self._writers:
            writer.write(_message(headers))

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while raw := await reader.readuntil(b"\r\n\r\n"):
                said = dict(
                    line.split(": ", 1) for line in raw.decode().splitlines() if line
                )
                self.actions.append(said["Action"])
                for answer in self._answers(said):
                    writer.write(_message(answer | {"ActionID": said["ActionID"]}))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _answers(self, said: dict[str, str]) -> list[dict[str, str]]:
        match said["Action"]:
            case "Login":
                self.logins += 1
                good = said["Secret"] == self.password
                text = "Authentication accepted" if good else "Authentication failed"
                return [{"Response": "Success" if good else "Error", "Message": text}]
            case "Ping":
                pong = {"Response": "Success", "Ping": "Pong"}
                return [pong] if self.answers_pings else []
            case _ if not self.may_list:
                return [{"Response": "Error", "Message": "Permission denied"}]
            case _:
                return self._listing()

    def _listing(self) -> list[dict[str, str]]:
        start = {"Response": "Success", "EventList": "start", "Message": "follows"}
        listed = [
            {
                "Event": "EndpointList",
                "ObjectName": name,
                "Contacts": contacts,
                "DeviceState": state,
            }
            for name, (contacts, state) in self.phones.items()
        ]
        return [
            start,
            *listed,
            {"Event": "EndpointListComplete", "EventList": "Complete"},
        ]


def _message(headers: dict[str, str]) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    return "".join([*lines, "\r\n"]).encode()


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as server:
        server.phones = {
            "anna": ("anna/sip:anna@10.0.0.1:5060,", "Not in use"),
            "boris": ("", "Unavailable"),
        }
        yield server


@asynccontextmanager
async def watching(
    ami: FakeAmi, told: FactLog, **changes: object
) -> AsyncIterator[EndpointWatch]:
    """Watch while the block runs."""
    values: dict[str, object] = {"backoff_s": QUICK, "within_s": 0.3, **changes}
    settings = AmiSettings(port=ami.port, **{"password": "secret", **values})  # type: ignore[arg-type]
    clock: Callable[[], float] = asyncio.get_running_loop().time
    watch = EndpointWatch(settings, told, clock, Random(1))
    running = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_every_phone_is_told_once_at_the_start(ami: FakeAmi) -> None:
    told = FactLog()
    async with watching(ami, told):
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
    assert [(f.endpoint, f.reachable, f.in_use) for f in told.all(EndpointChanged)] == [
        ("PJSIP/anna", True, False),
        ("PJSIP/boris", False, False),
    ]


async def test_a_new_binding_makes_reachable_and_the_last_one_removed_not(
    ami: FakeAmi,
) -> None:
    told = FactLog()
    async with watching(ami, told):
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        binding = {"Event": "ContactStatus", "AOR": "boris", "EndpointName": "boris"}
        ami.send(**binding, URI="sip:b@1", ContactStatus="NonQualified")
        await told.wait(EndpointChanged, endpoint="PJSIP/boris", reachable=True)
        # The phone moves: its new binding comes before the old one goes.
        ami.send(**binding, URI="sip:b@2", ContactStatus="NonQualified")
        ami.send(**binding, URI="sip:b@1", ContactStatus="Removed")
        ami.send(**binding, URI="sip:b@2", ContactStatus="Unreachable")
        await told.until(
            lambda: len(told.all(EndpointChanged, endpoint="PJSIP/boris")) == 3, "3rd"
        )
    states = [f.reachable for f in told.all(EndpointChanged, endpoint="PJSIP/boris")]
    assert states == [False, True, False]


async def test_use_is_told_when_it_changes_and_not_at_each_state(ami: FakeAmi) -> None:
    told = FactLog()
    async with watching(ami, told):
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        for state in ("RINGING", "INUSE", "ONHOLD", "INUSE", "NOT_INUSE"):
            ami.send(Event="DeviceStateChange", Device="PJSIP/anna", State=state)
        ami.send(Event="DeviceStateChange", Device="Queue:teplo", State="INUSE")
        ami.send(Event="DeviceStateChange", Device="PJSIP/boris", State="INUSE")
        await told.wait(EndpointChanged, endpoint="PJSIP/boris", in_use=True)
    states = [f.in_use for f in told.all(EndpointChanged, endpoint="PJSIP/anna")]
    assert states == [False, True, False]


async def test_a_phone_in_a_call_without_a_binding_stays_unreachable(
    ami: FakeAmi,
) -> None:
    told = FactLog()
    async with watching(ami, told):
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        ami.send(Event="DeviceStateChange", Device="PJSIP/boris", State="INUSE")
        fact = await told.wait(EndpointChanged, endpoint="PJSIP/boris", in_use=True)
    assert fact.reachable is False


async def test_after_a_drop_it_logs_in_again_and_tells_what_changed(
    ami: FakeAmi,
) -> None:
    told = FactLog()
    async with watching(ami, told) as watch:
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        ami.phones = {"boris": ("boris/sip:b@1,", "Not in use")}
        ami.drop()
        await told.wait(EndpointChanged, endpoint="PJSIP/boris", reachable=True)
        await told.wait(EndpointChanged, endpoint="PJSIP/anna", reachable=False)
        assert watch.phone("PJSIP/boris") == (True, False)
    assert ami.logins == 2
    assert "Originate" not in ami.actions


async def test_a_silent_peer_is_left_and_found_again(ami: FakeAmi) -> None:
    told = FactLog()
    async with watching(ami, told, ping_every_s=0.02):
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        ami.answers_pings = False
        ami.phones["boris"] = ("boris/sip:b@1,", "Not in use")
        await told.wait(EndpointChanged, endpoint="PJSIP/boris", reachable=True)
    assert ami.logins >= 2


async def test_what_events_did_not_say_the_next_listing_does(ami: FakeAmi) -> None:
    told = FactLog()
    async with watching(ami, told, ping_every_s=0.02, list_every_s=0.05):
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        ami.phones["boris"] = ("boris/sip:b@1,", "Ringing")
        await told.wait(
            EndpointChanged, endpoint="PJSIP/boris", reachable=True, in_use=True
        )
    assert ami.logins == 1


@pytest.mark.parametrize("what", ["login", "listing"])
async def test_a_refusal_is_an_admins_move_and_tried_again(
    ami: FakeAmi, what: str
) -> None:
    if what == "login":
        ami.password = "changed"
    else:
        ami.may_list = False
    told = FactLog()
    async with watching(ami, told) as watch:
        await until(lambda: bool(watch.refused), within_s=5)
        assert "failed" in watch.refused or "denied" in watch.refused
        ami.password, ami.may_list = "secret", True
        await told.wait(EndpointChanged, endpoint="PJSIP/boris")
        assert watch.refused == ""
