"""
What a failed attempt means: from SIP response and Q.850 cause to an `Outcome`.

The SIP code is trusted first, since Asterisk folds several codes into one cause
(483 and 480 are both 19). Values: RFC 3261, RFC 3398 and Asterisk's
`hangup_sip2cause`.
"""

from callengine.core.records import Outcome

_BY_SIP = {
    404: Outcome.INVALID,
    408: Outcome.NO_ANSWER,
    410: Outcome.INVALID,
    480: Outcome.NO_ANSWER,
    484: Outcome.INVALID,
    485: Outcome.INVALID,
    486: Outcome.BUSY,
    487: Outcome.NO_ANSWER,
    600: Outcome.BUSY,
    603: Outcome.REJECTED,
    604: Outcome.INVALID,
    607: Outcome.REJECTED,
    608: Outcome.REJECTED,
}

_BY_CAUSE = {
    1: Outcome.INVALID,
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,
    19: Outcome.NO_ANSWER,
    20: Outcome.NO_ANSWER,
    21: Outcome.REJECTED,
    22: Outcome.INVALID,
    28: Outcome.INVALID,
    34: Outcome.CONGESTED,
    41: Outcome.CONGESTED,
    42: Outcome.CONGESTED,
}


def outcome_of(
    *, sip_code: int | None, cause: int, ring_seen: bool, unreachable: bool = False
) -> Outcome:
    """
    Say what came of an attempt that was never answered.

    Args:
        sip_code: final response of the callee's leg, None when there was none.
        cause: Q.850 cause of the channel, 0 when unknown.
        ring_seen: the callee's phone was heard to ring.
        unreachable: the trunk itself could not be asked.
    """
    if unreachable:
        return Outcome.CONGESTED
    if sip_code == 408 and not ring_seen:
        # Nothing rang: the network timed out, not the person.
        return Outcome.CONGESTED
    if sip_code is not None and sip_code in _BY_SIP:
        return _BY_SIP[sip_code]
    if sip_code is not None and 500 <= sip_code < 600:
        return Outcome.CONGESTED
    if cause in _BY_CAUSE:
        return _BY_CAUSE[cause]
    # Our own CANCEL after ringing out comes back as a normal clearing.
    return Outcome.NO_ANSWER if ring_seen else Outcome.FAILED
