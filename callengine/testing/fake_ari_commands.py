"""The commands that the fake REST interface knows, done by the in-memory telephony."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from callengine.core.ids import BridgeId, ChannelId, PlaybackId
from callengine.core.phones import AutoAnswer
from callengine.engine.ports import ResourceGone, TelephonyError, Unreachable
from callengine.testing import fake_ari_json as as_json
from callengine.testing.switch import TwinChannel
from callengine.testing.telephony import TwinTelephony

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_NO_CONTENT = 204


class FakeCommands:
    """Request handlers; people live in `twin`."""

    def __init__(self, twin: TwinTelephony, app: str) -> None:
        self._twin = twin
        self._app = app

    def add_to(self, app: web.Application) -> None:
        """Serve every command that callengine uses."""
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "applications/{app}", self._application),
            ("POST", "applications/{app}/subscription", self._subscribe),
            ("POST", "channels", self._originate),
            ("GET", "channels", self._channels),
            ("GET", "channels/{channel}", self._channel),
            ("DELETE", "channels/{channel}", self._hang_up),
            ("POST", "channels/{channel}/continue", self._continue),
            ("POST", "channels/{channel}/variable", self._variable),
            ("GET", "channels/{channel}/variable", self._read_variable),
            ("POST", "channels/{channel}/variables", self._variables),
            ("GET", "asterisk/ping", self._ping),
            ("POST", "asterisk/variable", self._global),
            ("GET", "channels/{channel}/rtp_statistics", self._statistics),
            ("POST", "bridges", self._open),
            ("GET", "bridges", self._bridges),
            ("DELETE", "bridges/{bridge}", self._close),
            ("POST", "bridges/{bridge}/addChannel", self._join),
            ("POST", "bridges/{bridge}/moh", self._start_music),
            ("DELETE", "bridges/{bridge}/moh", self._stop_music),
            ("POST", "bridges/{bridge}/play/{playback}", self._play),
            ("GET", "playbacks/{playback}", self._playback),
            ("DELETE", "playbacks/{playback}", self._stop_play),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, f"/ari/{path}", _judged(handler))

    # --- applications and channels ---------------------------------------------------

    async def _application(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["app"] != self._app:
            raise ResourceGone("application")
        raw = {
            "name": self._app,
            "channel_ids": list(self._twin.channels),
            "bridge_ids": list(self._twin.bridges),
            "endpoint_ids": [],
            "device_names": [],
        }
        return web.json_response(raw)

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        kind, _, name = request.query["eventSource"].partition(":")
        if kind != "bridge" or BridgeId(name) not in self._twin.bridges:
            return as_json.refusal(422, "Event source does not exist")
        return await self._application(request)

    async def _originate(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        variables: dict[str, Any] = {}
        if request.can_read_body:
            variables = (await request.json())["variables"]
        await self._twin.originate(
            ChannelId(asked["channelId"]),
            asked["endpoint"],
            caller_id=asked["callerId"],
            timeout_s=int(asked["timeout"]),
            auto_answer=AutoAnswer.CALL_INFO if variables else None,
        )
        return web.json_response(as_json.channel(asked["channelId"], ""))

    async def _channels(self, request: web.Request) -> web.StreamResponse:
        return web.json_response([self._raw(x) for x in self._twin.channels.values()])

    async def _channel(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._raw(self._found(request)))

    async def _hang_up(self, request: web.Request) -> web.StreamResponse:
        leg = self._found(request)
        cause = int(request.query["reason_code"])
        await self._twin.hang_up(leg.channel, cause=cause)
        return web.Response(status=_NO_CONTENT)

    async def _continue(self, request: web.Request) -> web.StreamResponse:
        await self._twin.leave(self._found(request).channel)
        return web.Response(status=_NO_CONTENT)

    async def _variable(self, request: web.Request) -> web.StreamResponse:
        if request.query["variable"] == "TALK_DETECT(set)":
            await self._twin.detect_talk(self._found(request).channel)
        return web.Response(status=_NO_CONTENT)

    async def _read_variable(self, request: web.Request) -> web.StreamResponse:
        secure = await self._twin.is_secure(self._found(request).channel)
        return web.json_response({"value": "1" if secure else "0"})

    async def _variables(self, request: web.Request) -> web.StreamResponse:
        await self._twin.take_charge(self._found(request).channel)
        return web.Response(status=_NO_CONTENT)

    async def _ping(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(as_json.pong())

    async def _global(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=_NO_CONTENT)

    async def _statistics(self, request: web.Request) -> web.StreamResponse:
        packets = await self._twin.packets_received(self._found(request).channel)
        return web.json_response({"rxcount": packets})

    # --- bridges and prompts ---------------------------------------------------------

    async def _open(self, request: web.Request) -> web.StreamResponse:
        bridge = BridgeId(request.query["bridgeId"])
        if bridge in self._twin.bridges:
            return as_json.refusal(409, f"Bridge with id '{bridge}' already exists")
        await self._twin.open_bridge(bridge)
        return web.json_response(as_json.bridge(bridge, ()))

    async def _bridges(self, request: web.Request) -> web.StreamResponse:
        living = (await self._twin.living()).bridges
        return web.json_response([as_json.bridge(b, cs) for b, cs in living.items()])

    async def _close(self, request: web.Request) -> web.StreamResponse:
        await self._twin.close_bridge(self._bridge(request))
        return web.Response(status=_NO_CONTENT)

    async def _join(self, request: web.Request) -> web.StreamResponse:
        bridge = self._bridge(request)
        channels = [ChannelId(c) for c in request.query["channel"].split(",")]
        if any(c not in self._twin.channels for c in channels):
            return as_json.refusal(400, "Channel not found")
        if any(self._twin.channels[c].state != "Up" for c in channels):
            return as_json.refusal(422, "Channel not in Stasis application")
        await self._twin.join(bridge, channels)
        return web.Response(status=_NO_CONTENT)

    async def _start_music(self, request: web.Request) -> web.StreamResponse:
        music = request.query["mohClass"]
        await self._twin.start_music(self._bridge(request), music)
        return web.Response(status=_NO_CONTENT)

    async def _stop_music(self, request: web.Request) -> web.StreamResponse:
        bridge = self._bridge(request)
        if self._twin.bridges[bridge].music is None:
            return as_json.refusal(409, "Bridge isn't playing music")
        await self._twin.stop_music(bridge)
        return web.Response(status=_NO_CONTENT)

    async def _play(self, request: web.Request) -> web.StreamResponse:
        playback = PlaybackId(request.match_info["playback"])
        bridge = self._bridge(request)
        await self._twin.play(playback, bridge, request.query["media"])
        return web.json_response({"id": playback, "state": "queued"}, status=201)

    async def _playback(self, request: web.Request) -> web.StreamResponse:
        playback = request.match_info["playback"]
        if all(playback not in b.playbacks for b in self._twin.bridges.values()):
            raise ResourceGone("Playback")
        return web.json_response({"id": playback, "state": "playing"})

    async def _stop_play(self, request: web.Request) -> web.StreamResponse:
        await self._playback(request)
        await self._twin.stop_play(PlaybackId(request.match_info["playback"]))
        return web.Response(status=_NO_CONTENT)

    # --- inside ----------------------------------------------------------------------

    def _found(self, request: web.Request) -> TwinChannel:
        leg = self._twin.channels.get(ChannelId(request.match_info["channel"]))
        if leg is None:
            raise ResourceGone("Channel")
        return leg

    def _bridge(self, request: web.Request) -> BridgeId:
        bridge = BridgeId(request.match_info["bridge"])
        if bridge not in self._twin.bridges:
            raise ResourceGone("Bridge")
        return bridge

    def _raw(self, leg: TwinChannel) -> dict[str, Any]:
        inside = ",".join((self._app, *leg.arguments)) if leg.state == "Up" else ""
        return as_json.channel(
            leg.channel,
            leg.caller_number or "",
            endpoint=leg.endpoint,
            state=leg.state,
            app_data=inside,
        )


def _judged(handler: Handler) -> Handler:
    """Turn the twin's errors into the replies that Asterisk gives."""

    async def judged(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Unreachable:
            return web.json_response({"error": "Allocation failed"}, status=500)
        except ResourceGone as e:
            return as_json.refusal(404, f"{e} not found")
        except TelephonyError as e:
            return as_json.refusal(409, str(e))

    return judged
