"""Our commands and events against the description that Asterisk ships."""

import asyncio
import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from callengine.asterisk.ari.applications import Applications
from callengine.asterisk.ari.bridges import Bridges
from callengine.asterisk.ari.channels import Channels
from callengine.asterisk.ari.connection import Reply
from callengine.asterisk.ari.events import DECODERS, DISALLOWED, decode
from callengine.asterisk.ari.models import Application, Bridge, Channel, Version
from callengine.asterisk.ari.playbacks import Playbacks
from callengine.asterisk.ari.requests import Requests
from callengine.asterisk.pbx import Pbx
from callengine.asterisk.pbx_find import find_asterisk
from callengine.core.ids import BridgeId, ChannelId, PlaybackId
from callengine.engine.ports import TelephonyError

Json = dict[str, Any]


class Described:
    """Asterisk's own description of its REST interface."""

    def __init__(self, folder: Path) -> None:
        self.operations: dict[tuple[str, str], Json] = {}
        self.models: dict[str, Json] = {}
        for file in sorted(folder.glob("*.json")):
            raw = json.loads(file.read_text())
            self.models |= raw.get("models", {})
            for api in raw["apis"]:
                for operation in api.get("operations", ()):
                    key = (operation["httpMethod"], api["path"].lstrip("/"))
                    self.operations[key] = operation

    def parameters(self, method: str, path: str, where: str) -> set[str]:
        """Names of an operation's parameters in path, query or body."""
        described = self.operations[method, path].get("parameters", ())
        return {p["name"] for p in described if p["paramType"] == where}

    def required(self, method: str, path: str) -> set[str]:
        """Names of the query parameters that must be there."""
        described = self.operations[method, path].get("parameters", ())
        return {
            p["name"] for p in described if p["paramType"] == "query" and p["required"]
        }

    def sample(self, model: str) -> Json:
        """An object of a model with every field that it has, and no other."""
        fields: Json = {}
        for parent, described in self.models.items():
            if model in described.get("subTypes", ()):
                fields |= self.sample(parent)
        for name, field in self.models[model].get("properties", {}).items():
            fields[name] = self._value(field["type"])
        return fields

    def _value(self, kind: str) -> Any:
        if kind.startswith("List["):
            return [self._value(kind[5:-1])]
        if kind in self.models:
            return self.sample(kind)
        return {"int": 1, "long": 1, "boolean": True, "double": 1.0}.get(kind, "x")


@pytest.fixture(scope="module")
def described(pbx: Pbx) -> Described:
    root = find_asterisk(pbx.config).root or Path("/")
    return Described(root / "usr/share/asterisk/rest-api")


class Recorder(Requests):
    """Remembers each command as it is written, and answers nothing useful."""

    def __init__(self) -> None:
        super().__init__(self)
        self.sent: list[tuple[str, str, set[str], set[str], set[str]]] = []

    async def request(self, method: str, target: str, body: bytes = b"") -> Reply:
        """Be the transport as well."""
        return Reply(404, b"{}")

    async def send(
        self,
        method: str,
        template: str,
        ids: Any = None,
        query: Any = None,
        body: Any = None,
    ) -> bytes:
        """Remember the template with the names it was filled with."""
        names = (set(ids or ()), set(query or ()), set(body or ()))
        self.sent.append((method, template, *names))
        return await super().send(method, template, ids, query, body)


async def every_command() -> Recorder:
    """Give every command of every resource once."""
    recorder = Recorder()
    channel, bridge, playback = ChannelId("c"), BridgeId("b"), PlaybackId("p")
    channels, bridges = Channels(recorder), Bridges(recorder)
    playbacks, applications = Playbacks(recorder), Applications(recorder)
    commands = [
        channels.originate(
            channel,
            "PJSIP/x",
            app="a",
            app_arguments="outbound,c",
            caller_id="1",
            timeout_s=1,
            variables={"X": "1"},
        ),
        channels.hang_up(channel, cause=16),
        channels.set_variable(channel, "X", "1"),
        channels.set_variables(channel, {"X": "1"}),
        channels.read_variable(channel, "X"),
        channels.packets_received(channel),
        channels.leave(channel),
        channels.get(channel),
        channels.list(),
        bridges.open(bridge),
        bridges.close(bridge),
        bridges.add(bridge, [channel]),
        bridges.play(bridge, playback, "sound:x"),
        bridges.start_music(bridge, "default"),
        bridges.stop_music(bridge),
        bridges.list(),
        playbacks.stop(playback),
        playbacks.check(playback),
        applications.get("a"),
        applications.subscribe_bridge("a", bridge),
        applications.disallow("a", ["ChannelVarset"]),
        applications.send_user_event("a", "nonce"),
        applications.claim("a", channel),
        applications.now(),
        applications.set_global("X", "1"),
        applications.set_device("Stasis:x", "BUSY"),
        applications.version(),
    ]
    results = await asyncio.gather(*commands, return_exceptions=True)
    assert all(isinstance(result, TelephonyError) for result in results)
    public = [
        name
        for noun in (Channels, Bridges, Playbacks, Applications)
        for name in vars(noun)
        if not name.startswith("_")
    ]
    assert len(commands) == len(public)  # a new command must be added above
    return recorder


async def test_every_command_is_one_that_asterisk_describes(
    described: Described,
) -> None:
    for method, path, ids, query, body in (await every_command()).sent:
        assert (method, path) in described.operations
        assert ids == described.parameters(method, path, "path")
        assert query <= described.parameters(method, path, "query"), path
        assert described.required(method, path) <= query, path
        wanted = described.parameters(method, path, "body")
        # The body holds its one parameter by name, or is that parameter.
        assert bool(body) <= bool(wanted), path
        assert body in (set(), wanted, {"disallowed"}), path


def test_every_event_we_decode_has_the_fields_we_read(described: Described) -> None:
    for kind in DECODERS:
        raw = described.sample(kind) | {"type": kind}
        decoded = decode(json.dumps(raw))
        assert type(decoded).__name__ != "Unrecognised", decoded
        # A field that is read by a wrong name would come out empty.
        assert all(astuple(decoded)), decoded


def test_a_field_that_asterisk_does_not_have_would_be_noticed(
    described: Described,
) -> None:
    raw = described.sample("ChannelDestroyed") | {"type": "ChannelDestroyed"}
    del raw["cause"]
    assert type(decode(json.dumps(raw))).__name__ == "Unrecognised"


def test_every_event_we_refuse_exists_and_is_not_one_we_need(
    described: Described,
) -> None:
    events = set(described.models["Event"]["subTypes"])
    assert set(DISALLOWED) <= events
    assert not set(DISALLOWED) & set(DECODERS)
    assert set(DECODERS) <= events


def test_every_model_has_the_fields_we_read(described: Described) -> None:
    for model in (
        Channel.decode(described.sample("Channel")),
        Bridge.decode(described.sample("Bridge")),
        Application.decode(described.sample("Application")),
        Version.decode(described.sample("AsteriskInfo")),
    ):
        assert all(astuple(model)), model
