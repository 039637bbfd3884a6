"""Scripted people for the in-memory telephony: how a phone behaves when it rings."""

from dataclasses import dataclass

NORMAL_CLEARING = 16
USER_BUSY = 17
NO_USER_RESPONSE = 18
NO_ANSWER = 19
CALL_REJECTED = 21
LOST = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    What somebody does when their phone rings. Times are seconds from the event named.

    Attributes:
        rings_after_s: from the request to alerting; None: the phone never alerts.
        answers_after_s: from alerting to the answer; None: never answers by itself.
        refuses_after_s: from the request to a final refusal; None: never refuses.
        cause: Q.850 cause of the refusal.
        sip_code: SIP response of the refusal.
        hangs_up_after_s: from entering a bridge to hanging up; None: stays.
        speaks: (start, length) of utterances from the answer; reported only for
            channels with talk detection.
        honours_auto_answer: answers at once when asked to by the request.
    """

    rings_after_s: float | None = 0.0
    answers_after_s: float | None = None
    refuses_after_s: float | None = None
    cause: int = USER_BUSY
    sip_code: int | None = 486
    hangs_up_after_s: float | None = None
    speaks: tuple[tuple[float, float], ...] = ()
    honours_auto_answer: bool = True
    is_secure: bool = False
    """Its phone encrypts the sound."""
    is_mute: bool = False
    """Sends no sound packets at all."""


MANUAL = Person(rings_after_s=None, honours_auto_answer=False)
"""Does nothing by itself: the test calls `ring`, `answer`, `refuse`."""

PROMPT = Person(answers_after_s=0.0)
"""Rings and answers at once."""

ABSENT = Person()
"""Rings and is never answered."""

BUSY = Person(rings_after_s=None, refuses_after_s=0.0)
"""Refuses at once with 486."""

REJECTING = Person(refuses_after_s=1.0, cause=CALL_REJECTED, sip_code=603)
"""Rings, then rejects with 603."""
