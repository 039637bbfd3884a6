"""When a failed delivery is tried again: pure arithmetic."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from callengine.core.ids import Instant

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
Pauses between tries.

An order has 15 minutes to reach logistics; the plain Standard Webhooks schedule
would spend five of them on its third try, so the first pauses are short.
"""

LONGEST_PAUSE_S = 24 * 3600.0
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
    pause_s = RETRY_DELAYS_S[tries] * rng.uniform(1 - JITTER, 1 + JITTER)
    return now + max(pause_s, min(retry_after_s, LONGEST_PAUSE_S))


def parse_retry_after_s(header: str | None, now: Instant) -> float:
    """Read a Retry-After header: seconds or an HTTP date; 0 when absent or odd."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_PAUSE_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    pause_s = (at - datetime.fromtimestamp(now, UTC)).total_seconds()
    return min(max(0.0, pause_s), LONGEST_PAUSE_S)
