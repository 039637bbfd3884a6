"""
The four machines as tables: call, attempt, agent and reservation.

Laws of this file: every transition stands here and nowhere else; a pair that is in
neither a table nor its list of late arrivals raises `IllegalTransition` and changes
nothing. The machines know no channel, clock or vendor.
"""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import TypeVar

from callengine.core.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


def step(state: S, cue: C, table: Mapping[tuple[S, C], S], late: Set[tuple[S, C]]) -> S:
    """Return the next state; the same for a late cue. Raises `IllegalTransition`."""
    after = table.get((state, cue))
    if after is not None:
        return after
    if (state, cue) in late:
        return state
    raise IllegalTransition(f"{cue} in {type(state).__name__} {state}")


# --- call: the customer's conversation -------------------------------------------


class CallState(StrEnum):
    """Where the customer is."""

    IDENTIFYING = "identifying"
    WAITING = "waiting"
    DIALLING = "dialling"
    """Outbound: the customer's phone is being rung."""
    OFFERED = "offered"
    """An agent's phone is being rung for this call."""
    JOINING = "joining"
    """Both have answered and are entering the bridge."""
    TALKING = "talking"
    CLEARING = "clearing"
    """Decided to end; channels are going down."""
    ENDED = "ended"


class CallCue(StrEnum):
    """What moves a call."""

    IDENTIFIED = "identified"
    CUSTOMER_ANSWERED = "customer_answered"
    AGENT_CHOSEN = "agent_chosen"
    AGENT_LOST = "agent_lost"
    AGENT_ANSWERED = "agent_answered"
    JOINED = "joined"
    CLEARED = "cleared"
    """Somebody hung up, or we decided to."""
    GONE = "gone"
    """The last channel is gone."""


_CS, _CC = CallState, CallCue
CALL: Mapping[tuple[CallState, CallCue], CallState] = {
    (_CS.IDENTIFYING, _CC.IDENTIFIED): _CS.WAITING,
    (_CS.WAITING, _CC.AGENT_CHOSEN): _CS.OFFERED,
    (_CS.DIALLING, _CC.CUSTOMER_ANSWERED): _CS.WAITING,
    (_CS.OFFERED, _CC.AGENT_ANSWERED): _CS.JOINING,
    (_CS.OFFERED, _CC.AGENT_LOST): _CS.WAITING,
    (_CS.JOINING, _CC.AGENT_LOST): _CS.WAITING,
    (_CS.JOINING, _CC.JOINED): _CS.TALKING,
    # The agent's phone vanished: the customer is back in their place.
    (_CS.TALKING, _CC.AGENT_LOST): _CS.WAITING,
    **{
        (s, _CC.CLEARED): _CS.CLEARING
        for s in _CS
        if s not in (_CS.CLEARING, _CS.ENDED)
    },
    (_CS.CLEARING, _CC.GONE): _CS.ENDED,
}
# An answer and a hang-up race on their way to us; the call is clearing already.
CALL_LATE: Set[tuple[CallState, CallCue]] = frozenset(
    (s, c)
    for s in (_CS.CLEARING, _CS.ENDED)
    for c in _CC
    if (s, c) != (_CS.CLEARING, _CC.GONE)
) | {(_CS.TALKING, _CC.JOINED)}


# --- reservation: an offer of one call to one agent ------------------------------


class ReservationState(StrEnum):
    """The life of an offer."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RONA = "rona"
    RESCINDED = "rescinded"
    WRAPPING = "wrapping"
    COMPLETED = "completed"


class ReservationCue(StrEnum):
    """What settles an offer."""

    AGENT_ANSWERED = "agent_answered"
    AGENT_REJECTED = "agent_rejected"
    RANG_OUT = "rang_out"
    WITHDRAWN = "withdrawn"
    CALL_CLEARED = "call_cleared"
    WRAPPED_UP = "wrapped_up"


_RS, _RC = ReservationState, ReservationCue
RESERVATION: Mapping[tuple[ReservationState, ReservationCue], ReservationState] = {
    (_RS.PENDING, _RC.AGENT_ANSWERED): _RS.ACCEPTED,
    (_RS.PENDING, _RC.AGENT_REJECTED): _RS.REJECTED,
    (_RS.PENDING, _RC.RANG_OUT): _RS.RONA,
    (_RS.PENDING, _RC.WITHDRAWN): _RS.RESCINDED,
    # The caller left, or the agent's leg failed, between answer and bridge.
    (_RS.ACCEPTED, _RC.WITHDRAWN): _RS.RESCINDED,
    (_RS.ACCEPTED, _RC.AGENT_REJECTED): _RS.REJECTED,
    (_RS.ACCEPTED, _RC.CALL_CLEARED): _RS.WRAPPING,
    (_RS.WRAPPING, _RC.WRAPPED_UP): _RS.COMPLETED,
}
# A phone's answer and our withdrawal cross on the wire; the loser changes nothing.
RESERVATION_LATE: Set[tuple[ReservationState, ReservationCue]] = frozenset(
    (s, c) for s in (_RS.REJECTED, _RS.RONA, _RS.RESCINDED, _RS.COMPLETED) for c in _RC
)


# --- agent -----------------------------------------------------------------------


class AgentState(StrEnum):
    """What an agent does now."""

    OFFLINE = "offline"
    PAUSED = "paused"
    READY = "ready"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class AgentCue(StrEnum):
    """What moves an agent."""

    ASKED_READY = "asked_ready"
    ASKED_PAUSE = "asked_pause"
    LOGGED_OUT = "logged_out"
    RESERVED = "reserved"
    RELEASED = "released"
    BRIDGED = "bridged"
    CALL_CLEARED = "call_cleared"
    WRAPPED_UP = "wrapped_up"


_AS, _AC = AgentState, AgentCue
AGENT: Mapping[tuple[AgentState, AgentCue], AgentState] = {
    (_AS.OFFLINE, _AC.ASKED_READY): _AS.READY,
    (_AS.OFFLINE, _AC.ASKED_PAUSE): _AS.PAUSED,
    (_AS.PAUSED, _AC.ASKED_READY): _AS.READY,
    (_AS.PAUSED, _AC.ASKED_PAUSE): _AS.PAUSED,
    (_AS.PAUSED, _AC.LOGGED_OUT): _AS.OFFLINE,
    (_AS.READY, _AC.ASKED_READY): _AS.READY,
    (_AS.READY, _AC.ASKED_PAUSE): _AS.PAUSED,
    (_AS.READY, _AC.LOGGED_OUT): _AS.OFFLINE,
    (_AS.READY, _AC.RESERVED): _AS.RESERVED,
    (_AS.RESERVED, _AC.RELEASED): _AS.READY,
    (_AS.RESERVED, _AC.BRIDGED): _AS.TALKING,
    (_AS.TALKING, _AC.CALL_CLEARED): _AS.WRAP_UP,
    # A machine answered: nobody was talked to, there is nothing to wrap up.
    (_AS.TALKING, _AC.RELEASED): _AS.READY,
    (_AS.WRAP_UP, _AC.WRAPPED_UP): _AS.READY,
}
# Wishes during a call are remembered by the pool and granted when it is over.
AGENT_LATE: Set[tuple[AgentState, AgentCue]] = frozenset(
    (s, c)
    for s in (_AS.RESERVED, _AS.TALKING, _AS.WRAP_UP)
    for c in (_AC.ASKED_READY, _AC.ASKED_PAUSE, _AC.LOGGED_OUT)
) | {(_AS.OFFLINE, _AC.LOGGED_OUT)}


# --- attempt: one try to reach one lead ------------------------------------------


class AttemptState(StrEnum):
    """The life of an attempt."""

    DIALLING = "dialling"
    RINGING = "ringing"
    LIVE = "live"
    BRIDGED = "bridged"
    DONE = "done"


class AttemptCue(StrEnum):
    """What moves an attempt."""

    RANG = "rang"
    ANSWERED = "answered"
    JOINED = "joined"
    ENDED = "ended"


_TS, _TC = AttemptState, AttemptCue
ATTEMPT: Mapping[tuple[AttemptState, AttemptCue], AttemptState] = {
    (_TS.DIALLING, _TC.RANG): _TS.RINGING,
    (_TS.DIALLING, _TC.ANSWERED): _TS.LIVE,
    (_TS.RINGING, _TC.ANSWERED): _TS.LIVE,
    (_TS.LIVE, _TC.JOINED): _TS.BRIDGED,
    (_TS.DIALLING, _TC.ENDED): _TS.DONE,
    (_TS.RINGING, _TC.ENDED): _TS.DONE,
    (_TS.LIVE, _TC.ENDED): _TS.DONE,
    (_TS.BRIDGED, _TC.ENDED): _TS.DONE,
}
# Carriers repeat 180 and send it after 200; a second ring changes nothing.
ATTEMPT_LATE: Set[tuple[AttemptState, AttemptCue]] = (
    frozenset((s, _TC.RANG) for s in (_TS.RINGING, _TS.LIVE, _TS.BRIDGED, _TS.DONE))
    | {(_TS.DONE, c) for c in _TC}
    | {(_TS.BRIDGED, _TC.JOINED)}
)
