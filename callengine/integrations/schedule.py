"""When a failed delivery is tried again, and what becomes of its receiver: pure."""

from random import Random

from callengine.core.ids import Instant
from callengine.engine.deliveries import TEST, OutboxMessage, Pause, ReceiverState
from callengine.integrations.verdicts import LONGEST_PAUSE_S, Blame, Verdict

RETRY_DELAYS_S = (
    5.0,
    15.0,
    30.0,
    60.0,
    120.0,
    # From here on it is the long tail of Standard Webhooks.
    5 * 60.0,
    30 * 60.0,
    2 * 3600.0,
    5 * 3600.0,
    10 * 3600.0,
    14 * 3600.0,
    20 * 3600.0,
    24 * 3600.0,
)
"""
Pauses between tries of a message that its receiver refuses.

An order has 15 minutes to reach logistics; the plain Standard Webhooks schedule
would spend five of them on its third try, so the first pauses are short.
"""
PROBE_DELAYS_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Pauses between probes of a receiver that fails; the last one is repeated..."""
PATIENCE = 300
"""...so often: a day. Then it is probed more seldom."""
LATE_PROBE_S = 1800.0
GONE_DELAYS_S = (900.0, 3600.0, 4 * 3600.0, 12 * 3600.0)
"""Pauses between probes of a receiver that said 410; the last one is repeated."""

JITTER = 0.1


def next_try_at(
    tries: int, now: Instant, *, rng: Random, retry_after_s: float = 0.0
) -> Instant | None:
    """
    Say when to try again after try number `tries` + 1 failed; None: never.

    Args:
        tries: tries made before the one that failed.
        retry_after_s: the least pause the receiver asked for.
    """
    if tries >= len(RETRY_DELAYS_S):
        return None
    pause_s = RETRY_DELAYS_S[tries] * _jitter(rng)
    return now + max(pause_s, min(retry_after_s, LONGEST_PAUSE_S))


def after_failure(
    message: OutboxMessage, verdict: Verdict, now: Instant, *, rng: Random
) -> tuple[Instant | None, Pause | None]:
    """
    Say when a message is due again (None: never), and whether its receiver pauses.

    A receiver that does not take this message and would not take others is paused and
    probed; the message is never given up for that. Only what an otherwise working
    receiver refuses again and again is.
    """
    if message.type == TEST:
        # It has told what it was sent to find out; a pause goes on as it was.
        pause = _pause(message, verdict, now, rng) if not message.failures else None
        return None, pause
    own_at = next_try_at(
        message.tries, now, rng=rng, retry_after_s=verdict.retry_after_s
    )
    if verdict.blame is Blame.MESSAGE:
        return own_at, None
    pause = _pause(message, verdict, now, rng)
    if message.failures:
        return now, pause  # held with all the others, until the receiver opens
    # The receiver took others until now: this message may be what it refuses.
    refused = 400 <= verdict.status < 500 and verdict.blame is Blame.RECEIVER
    if not refused:
        latest = now + PROBE_DELAYS_S[-1]
        own_at = latest if own_at is None else min(own_at, latest)
    return None if own_at is None else max(own_at, pause.probe_at), pause


def _pause(
    message: OutboxMessage, verdict: Verdict, now: Instant, rng: Random
) -> Pause:
    before = message.failures
    if verdict.blame is Blame.GONE:
        delay_s = GONE_DELAYS_S[min(before, len(GONE_DELAYS_S) - 1)]
    elif before < PATIENCE:
        delay_s = PROBE_DELAYS_S[min(before, len(PROBE_DELAYS_S) - 1)]
    else:
        delay_s = LATE_PROBE_S
    delay_s = max(delay_s * _jitter(rng), min(verdict.retry_after_s, LONGEST_PAUSE_S))
    gone = verdict.blame is Blame.GONE
    return Pause(
        state=ReceiverState.STOPPED if gone else ReceiverState.FAILING,
        failures=before + 1,
        probe_at=now + delay_s,
    )


def _jitter(rng: Random) -> float:
    return rng.uniform(1 - JITTER, 1 + JITTER)
