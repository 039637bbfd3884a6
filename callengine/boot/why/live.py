"""A call in progress, as the running engine tells it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiohttp

from callengine.boot.settings import Settings
from callengine.boot.why.parts import Grid, Part, clock, lasted, listed

ANSWER_S = 3.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def local_url(settings: Settings, path: str) -> str:
    """Say where this machine reaches its engine."""
    host = _ANYWHERE.get(settings.api.host, settings.api.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.api.port}{path}"


async def ask_engine(settings: Settings, token: str, call: str) -> Any:
    """Ask this node's engine why; None when it does not run or knows nothing."""
    url = local_url(settings, f"/api/v1/calls/{quote(call, safe='')}/why")
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.get(url) as response,
        ):
            return await response.json() if response.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def live_story(call: str, live: Mapping[str, Any], zone: ZoneInfo) -> Part:
    """Tell what an engine's answer says of a call in progress."""
    story = Part(f"call {call}:", str(live["state"]))
    story.say("asks for", live.get("needs", ""))
    story.say("rules", listed(live.get("rules", ())))
    if "waited_s" in live:
        story.say("waited", lasted(live["waited_s"]))
        story.say("expected", _expected(live.get("expected_wait_s")))
    agents = Grid(("agent", "why they do not have it"))
    agents.rows += [(who, why) for who, why in live.get("agents", {}).items()]
    story.show("", agents)
    events = Grid(("at", "event", "detail"))
    for at, name, detail in live.get("events", ()):
        events.rows.append((clock(at, zone), name, detail))
    part = Part("what happened so far")
    part.show("", events)
    story.parts.append(part)
    return story


def _expected(wait: Mapping[str, int] | None) -> str:
    if wait is None:
        return "too little is known to say how long still"
    return f"between {lasted(wait['from'])} and {lasted(wait['to'])} more"
