"""
Answering machine or human, from who talks how long after the answer.

A person says a word or two and then waits for an answer; a machine talks on. The
customer is with the agent meanwhile, so that no human waits for the verdict.
"""

from dataclasses import dataclass

from callengine.core.ids import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AmdRules:
    """
    Thresholds of the verdict.

    Attributes:
        greeting_s: unbroken talk longer than this is a machine.
        window_s: talk that starts later than this after the answer proves nothing.
        listen_s: how long sound must be seen to flow before the verdict.
        least_packets: packets of 20 ms within `listen_s` that are a flow.
    """

    greeting_s: float = 3.0
    window_s: float = 2.5
    listen_s: float = 0.4
    least_packets: int = 5


def verdict_at(
    *, answered_at: Instant, talking_since: Instant, rules: AmdRules
) -> Instant | None:
    """Say when unbroken talk becomes a machine; None when it proves nothing."""
    if talking_since - answered_at > rules.window_s:
        return None
    return talking_since + rules.greeting_s


def sound_flows(before: int, after: int, rules: AmdRules) -> bool:
    """
    Say whether sound came between two counts of packets.

    A phone that suppresses silence sends none between words, and Asterisk then never
    sees the talk end: such a person must not be taken for a machine.
    """
    return after - before >= rules.least_packets
