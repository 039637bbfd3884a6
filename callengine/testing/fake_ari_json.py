"""JSON as Asterisk writes it: the fields that callengine reads, and a few more."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web

ASTERISK_ID = "02:fc:00:00:00:01"


def basic(user: str, password: str) -> str:
    """Make the Authorization header's value."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def event(event: dict[str, Any], app: str, *, at_s: float) -> str:
    """Write an event with what every event carries."""
    common = {
        "timestamp": f"2026-01-01T00:00:00.000+0000/{at_s:.9f}",
        "asterisk_id": ASTERISK_ID,
        "application": app,
    }
    return orjson.dumps(event | common).decode()


def pong() -> dict[str, str]:
    """Write the answer to a ping."""
    return {
        "asterisk_id": ASTERISK_ID,
        "ping": "pong",
        "timestamp": "2026-01-01T00:00:00.000+0000",
    }


def channel(
    channel: str,
    number: str,
    *,
    endpoint: str = "PJSIP/trunk",
    state: str = "Up",
    app_data: str = "",
) -> dict[str, Any]:
    """Write a channel; in an application when `app_data` says which."""
    return {
        "id": channel,
        "name": f"{endpoint}-00000001",
        "state": state,
        "protocol_id": "",
        "caller": {"name": "", "number": number},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "from-trunk",
            "exten": "s",
            "priority": 1,
            "app_name": "Stasis" if app_data else "",
            "app_data": app_data,
        },
        "creationtime": "2026-01-01T00:00:00.000+0000",
        "language": "en",
    }


def bridge(bridge: str, channels: Sequence[str]) -> dict[str, Any]:
    """Write a bridge."""
    return {
        "id": bridge,
        "technology": "simple_bridge",
        "bridge_type": "mixing",
        "bridge_class": "stasis",
        "creator": "Stasis",
        "name": bridge,
        "channels": list(channels),
        "creationtime": "2026-01-01T00:00:00.000+0000",
        "video_mode": "none",
    }


def refusal(status: int, message: str) -> web.Response:
    """Write an error reply."""
    return web.json_response({"message": message}, status=status)
