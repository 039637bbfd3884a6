"""
Errors of Asterisk's REST interface, by whose move is next.

TelephonyError             Asterisk said no
|- BadCommand      400     our mistake; never retried
|- NotAllowed      401/403 wrong account or a read-only one; an admin's move
|- Conflict        409     the id is taken, or the thing is already so
|- WrongState      412     the channel is not up, or is gone by now
|- ResourceGone    404     hung up under us; usually good news
|  `- NotInApp     422     lives, but is not under our control
|- Unreachable     500 "Allocation failed": no binding is registered
|- NoValue         500 a dialplan function that has nothing to say of this channel
`- TelephonyDown   other 5xx, no answer in time: outcome unknown
   `- NotSent      no connection: nothing was asked, nothing happened
"""

from typing import Any

import orjson

from callengine.engine.ports import (
    ResourceGone,
    TelephonyDown,
    TelephonyError,
    Unreachable,
)


class BadCommand(TelephonyError):
    """Asterisk cannot make sense of the command."""


class NotAllowed(TelephonyError):
    """The account or its password is wrong, or the account may only read."""


class Conflict(TelephonyError):
    """The id is in use, or the resource is already in the state asked for."""


class WrongState(TelephonyError):
    """The channel is in a state that the command does not suit."""


class NoValue(TelephonyError):
    """A dialplan function has no value for this channel: no such stream, for one."""


class NotInApp(ResourceGone):
    """The channel lives but has left our application."""


class NotSent(TelephonyDown):
    """Asterisk could not be reached; it has not seen the command."""


_BY_STATUS: dict[int, type[TelephonyError]] = {
    400: BadCommand,
    401: NotAllowed,
    403: NotAllowed,
    404: ResourceGone,
    409: Conflict,
    412: WrongState,
    422: NotInApp,
}
_BY_REASON: dict[str, type[TelephonyError]] = {
    "Allocation failed": Unreachable,
    "Unable to read provided function": NoValue,
}
"""Of status 500, which Asterisk also gives to what is no trouble of its own."""
_DETAIL_CHARS = 200


def explain(body: bytes) -> str:
    """Read the reason out of an error reply: `message` or `error`, else its start."""
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict):
        for key in ("message", "error"):
            if isinstance(said.get(key), str):
                return str(said[key])[:_DETAIL_CHARS]
    return body[:_DETAIL_CHARS].decode("utf-8", "replace")


def from_reply(what: str, status: int, body: bytes) -> TelephonyError:
    """
    Turn an error reply into the error that explains it.

    Args:
        what: the command, without personal data or secrets.
    """
    reason = explain(body)
    text = f"{what}: {status} {reason}"
    if status >= 500:
        return _BY_REASON.get(reason, TelephonyDown)(text)
    return _BY_STATUS.get(status, TelephonyError)(text)
