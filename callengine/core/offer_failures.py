"""
Why an agent's phone did not take a call, and what that means for the agent.

The enum is closed: a member without a consequence, or without a text in every language
of the page, fails the build. Codes: RFC 3261 and Asterisk's `hangup_sip2cause`.
"""

from collections.abc import Mapping
from enum import StrEnum

from callengine.core.call import Leg
from callengine.core.facts import ChannelGone


class OfferFailure(StrEnum):
    """How an offer, or the agent's part of a conversation, came to nothing."""

    NO_ANSWER = "rona"
    """It rang, and nobody picked up."""
    NO_PICK_UP = "no_pick_up"
    """It is to answer by itself and did not within its time."""
    BUSY = "busy"
    DECLINED = "declined"
    """The agent pressed reject, or hung up before the two were joined."""
    FORWARDED = "forwarded"
    """The phone wants its calls to go elsewhere."""
    UNAVAILABLE = "phone_unavailable"
    """The phone says nobody is there: do not disturb, no such account."""
    NO_CODEC = "no_codec"
    """Phone and Asterisk have no sound format in common."""
    INSECURE = "insecure"
    """The phone would talk in the clear where encryption is demanded."""
    BROKEN = "phone_error"
    """Any other refusal of the phone."""
    VANISHED = "phone_lost"
    """No packet came from the phone any more."""
    SILENT = "no_response"
    """The phone never answered the request: it did not even ring."""
    UNREGISTERED = "unreachable"
    """The phone has no registered binding."""
    NOT_JOINED = "join_failed"
    """It answered, and we could not bring it into the bridge."""
    OUTAGE = "telephony"
    """Asterisk or our connection to it failed; nothing is known of the phone."""


class Consequence(StrEnum):
    """What becomes of the agent."""

    PAUSE = "pause"
    """Paused with the failure as reason until a person says ready."""
    PAUSE_AND_AWAY = "pause_and_away"
    """Both: a person must say ready, and the phone must be seen again."""
    PAUSE_IF_BUSY = "pause_if_busy"
    """As the policy for busy phones says."""
    AWAY = "away"
    """Not offered calls until Asterisk says that the phone is there."""
    NOTHING = "nothing"
    """Not the agent's fault."""


_P, _F = Consequence, OfferFailure
CONSEQUENCES: Mapping[OfferFailure, Consequence] = {
    _F.NO_ANSWER: _P.PAUSE,
    _F.NO_PICK_UP: _P.PAUSE,
    _F.BUSY: _P.PAUSE_IF_BUSY,
    _F.DECLINED: _P.PAUSE,
    _F.FORWARDED: _P.PAUSE,
    _F.UNAVAILABLE: _P.PAUSE,
    _F.NO_CODEC: _P.PAUSE,
    _F.INSECURE: _P.PAUSE,
    _F.BROKEN: _P.PAUSE,
    _F.VANISHED: _P.PAUSE_AND_AWAY,
    _F.SILENT: _P.AWAY,
    _F.UNREGISTERED: _P.AWAY,
    _F.NOT_JOINED: _P.NOTHING,
    _F.OUTAGE: _P.NOTHING,
}

MAY_BE_ASKED_AGAIN = frozenset({_F.VANISHED, _F.SILENT, _F.UNREGISTERED})
"""Whoever comes back from this may have the very call; until then they are away."""

_BY_SIP: Mapping[int, OfferFailure] = {
    **dict.fromkeys((300, 301, 302, 305, 380), _F.FORWARDED),
    **dict.fromkeys((404, 410, 480, 604), _F.UNAVAILABLE),
    **dict.fromkeys((486, 600), _F.BUSY),
    **dict.fromkeys((603, 607, 608), _F.DECLINED),
    # 406 is what Asterisk says of an answer without a description of its sound.
    **dict.fromkeys((406, 415, 488, 606), _F.NO_CODEC),
}
_CANCELLED = 487
_NETWORK = frozenset({408, 502, 503, 504})
"""Said by what lies between, or by Asterisk itself, of a phone that did not ring."""

_BY_CAUSE: Mapping[int, OfferFailure] = {
    **dict.fromkeys((1, 20, 22), _F.UNAVAILABLE),
    17: _F.BUSY,
    21: _F.DECLINED,
    23: _F.FORWARDED,
    19: _F.NO_ANSWER,  # "user alerting": somebody says that it rang
    **dict.fromkeys((58, 65, 88), _F.NO_CODEC),
}
_NO_RESPONSE = 18


def failure_of(leg: Leg, gone: ChannelGone) -> OfferFailure:
    """Say why an agent's leg ended before its time."""
    unknown = gone.cause == 0 and gone.sip_code is None
    if gone.unreachable:
        return _F.UNREGISTERED
    if unknown and leg.failure != _F.NOT_JOINED:
        # It ended unseen: whatever we thought of the phone cannot be held against it.
        return _F.OUTAGE
    if leg.failure:
        return OfferFailure(leg.failure)
    if gone.vanished:
        return _F.VANISHED
    if gone.rang_out:
        return _unanswered(leg)
    if leg.answered_at is not None:
        said = _BY_SIP.get(gone.sip_code or 0)
        return _F.NO_CODEC if said is _F.NO_CODEC else _F.DECLINED
    return _refused(leg, gone)


def _refused(leg: Leg, gone: ChannelGone) -> OfferFailure:
    rang = leg.ringing_at is not None
    code = gone.sip_code
    if code == _CANCELLED:
        return _unanswered(leg)
    if code in _NETWORK:
        return _unanswered(leg) if code == 408 or not rang else _F.BROKEN
    if code is not None and code in _BY_SIP:
        return _BY_SIP[code]
    if code is not None and code >= 300:
        return _F.BROKEN
    if gone.cause in _BY_CAUSE:
        return _BY_CAUSE[gone.cause]
    if gone.cause == _NO_RESPONSE:
        return _unanswered(leg)
    return _F.NO_ANSWER if rang else _F.OUTAGE


def _unanswered(leg: Leg) -> OfferFailure:
    return _F.NO_ANSWER if leg.ringing_at is not None else _F.SILENT


def pauses(failure: OfferFailure, *, pause_when_busy: bool) -> bool:
    """Say whether an agent is paused for a failure."""
    consequence = CONSEQUENCES[failure]
    if consequence is Consequence.PAUSE_IF_BUSY:
        return pause_when_busy
    return consequence in (Consequence.PAUSE, Consequence.PAUSE_AND_AWAY)


AWAY = frozenset(
    failure
    for failure, consequence in CONSEQUENCES.items()
    if consequence in (Consequence.AWAY, Consequence.PAUSE_AND_AWAY)
)
"""After which no call is offered until Asterisk sees the phone."""
