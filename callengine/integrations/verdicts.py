"""What an answer to a message means, and whom it blames."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from callengine.core.ids import Instant

LONGEST_PAUSE_S = 24 * 3600.0
GONE = 410
OF_THE_RECEIVER = frozenset({401, 403, 404, 405, 407, 408, 421, 425, 426, 429})
"""Refusals that say something of the address or our rights, not of one message."""


class Blame(StrEnum):
    """Whom a failed try blames."""

    MESSAGE = "message"
    """The receiver refused this one; others may pass."""
    RECEIVER = "receiver"
    """Others to this receiver would most likely fail as well."""
    GONE = "gone"
    """The receiver asked not to be sent to any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What came of one try.

    Attributes:
        error: empty when the receiver took it.
        answer: the beginning of the body that came, printable.
        retry_after_s: the least pause the receiver asked for.
    """

    error: str = ""
    status: int = 0
    answer: str = ""
    blame: Blame = Blame.MESSAGE
    retry_after_s: float = 0.0


def judge(
    status: int, answer: str, now: Instant, *, retry_after: str | None, location: str
) -> Verdict:
    """Judge an answer by its status; redirections are not followed."""
    if 200 <= status < 300:
        return Verdict(status=status, answer=answer)
    said = answer or "nothing"
    if 300 <= status < 400:
        where = f" to {location}" if location else ""
        said = f"it redirects{where}; name the final address"
    return Verdict(
        error=said,
        status=status,
        answer=answer,
        blame=_blame(status),
        retry_after_s=parse_retry_after_s(retry_after, now),
    )


def _blame(status: int) -> Blame:
    if status == GONE:
        return Blame.GONE
    if status in OF_THE_RECEIVER or not 400 <= status < 500:
        return Blame.RECEIVER
    return Blame.MESSAGE


def parse_retry_after_s(header: str | None, now: Instant) -> float:
    """Read a Retry-After header: seconds or an HTTP date; 0 when absent or odd."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_PAUSE_S)
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        pause_s = (at - datetime.fromtimestamp(now, UTC)).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, pause_s), LONGEST_PAUSE_S)
