"""
What a final response means on a given trunk, and whose fault it was.

Carriers map the same event to different codes, so a trunk may carry its own rules
before the common ones. The fault decides who should act: the customer's phone is tried
again later, a trunk's failure goes to another trunk, ours raises an alarm.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callengine.core.outcomes import outcome_of
from callengine.core.records import Outcome


class Fault(StrEnum):
    """Whose move is next."""

    CUSTOMER = "customer"
    """Nobody's: busy, did not answer, refused."""
    NUMBER = "number"
    """There is no such number: the order's data are wrong."""
    TRUNK = "trunk"
    """The network or the carrier; another trunk may do better."""
    OURS = "ours"
    """Credentials, codecs, a number we wrote wrongly."""
    NONE = "none"
    """Answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """
    How an unanswered attempt ended.

    Attributes:
        sip_code: final response, None if there was none.
        cause: Q.850 cause of the channel, 0 if unknown.
        reason_cause: Q.850 cause in the response's Reason header, 0 without one.
        ring_seen: the phone was heard to ring.
        unreachable: the trunk itself could not be asked.
        given_up: we ended it: it had rung as long as it may.
    """

    sip_code: int | None = None
    cause: int = 0
    reason_cause: int = 0
    ring_seen: bool = False
    unreachable: bool = False
    given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkMap:
    """
    What one carrier means by its codes.

    Attributes:
        by_sip: outcome by SIP code, before the common rules.
        by_cause: outcome by Q.850 cause, before the common rules but after `by_sip`.
        trusts_reason: the Reason header says more than the code.
    """

    by_sip: Mapping[int, Outcome] = field(default_factory=dict)
    by_cause: Mapping[int, Outcome] = field(default_factory=dict)
    trusts_reason: bool = True


@dataclass(frozen=True, slots=True)
class Ending:
    """An outcome and whose fault it is."""

    outcome: Outcome
    fault: Fault


_OURS_BY_SIP = frozenset({400, 401, 402, 403, 407, 415, 420, 421, 488, 606})
_TRUNK_BY_SIP = frozenset({408, 483, 500, 501, 502, 503, 504, 505, 513, 580})
_OURS_BY_CAUSE = frozenset({28, 58, 65, 79, 88})

FAULTS: Mapping[Outcome, Fault] = {
    Outcome.BRIDGED: Fault.NONE,
    Outcome.NUISANCE: Fault.OURS,
    Outcome.MACHINE: Fault.CUSTOMER,
    Outcome.BUSY: Fault.CUSTOMER,
    Outcome.NO_ANSWER: Fault.CUSTOMER,
    Outcome.REJECTED: Fault.CUSTOMER,
    Outcome.INVALID: Fault.NUMBER,
    Outcome.CONGESTED: Fault.TRUNK,
    Outcome.FAILED: Fault.TRUNK,
}


def ending_of(response: Response, trunk: TrunkMap | None = None) -> Ending:
    """Say what came of an attempt that was not answered."""
    if response.given_up:
        return Ending(Outcome.NO_ANSWER, Fault.CUSTOMER)
    if trunk is not None:
        told = _told_by(response, trunk)
        if told is not None:
            return Ending(told, FAULTS[told])
    code = response.sip_code
    if code in _OURS_BY_SIP:
        return Ending(Outcome.FAILED, Fault.OURS)
    if code == 484:
        # The number is too short or has letters: the order's data, not the person.
        return Ending(Outcome.INVALID, Fault.NUMBER)
    if code in _TRUNK_BY_SIP and not (code == 408 and response.ring_seen):
        return Ending(Outcome.CONGESTED, Fault.TRUNK)
    cause = response.reason_cause or response.cause
    if code is None and cause in _OURS_BY_CAUSE:
        return Ending(Outcome.FAILED, Fault.OURS)
    outcome = outcome_of(
        sip_code=code,
        cause=cause,
        ring_seen=response.ring_seen,
        unreachable=response.unreachable,
    )
    return Ending(outcome, FAULTS[outcome])


def _told_by(response: Response, trunk: TrunkMap) -> Outcome | None:
    if response.sip_code is not None and response.sip_code in trunk.by_sip:
        return trunk.by_sip[response.sip_code]
    said = response.reason_cause if trunk.trusts_reason else 0
    for cause in (said, response.cause):
        if cause and cause in trunk.by_cause:
            return trunk.by_cause[cause]
    return None
