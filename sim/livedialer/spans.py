"""Spans of time on agents' clocks, and how much of a window they fill."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BUSY = frozenset({"talking", "wrap_up"})
"""States of an agent at work on a customer."""


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another, Unix time."""

    begins: float
    ends: float

    @property
    def length_s(self) -> float:
        """Its length, never negative."""
        return max(0.0, self.ends - self.begins)

    def within(self, window: "Span") -> "Span":
        """Cut it to a window; empty when they do not meet."""
        begins = max(self.begins, window.begins)
        return Span(begins, max(begins, min(self.ends, window.ends)))

    def holds(self, at: float | None) -> bool:
        """Whether an instant lies in it."""
        return at is not None and self.begins <= at < self.ends


@dataclass(frozen=True, slots=True)
class Shown:
    """What an agent's desktop showed from an instant on."""

    since: float
    state: str


def busy_spans(shown: Sequence[Shown], until: float) -> list[Span]:
    """Make spans of talk and wrap-up from what a desktop showed, in order."""
    ends = [one.since for one in shown[1:]] + [until]
    return [
        Span(one.since, end)
        for one, end in zip(shown, ends, strict=False)
        if one.state in BUSY
    ]


def utilisation(
    spans: Mapping[str, Iterable[Span]], window: Span, agents: Sequence[str]
) -> dict[str, float]:
    """Say which share of a window each agent was busy; agents without spans: 0."""
    if window.length_s <= 0:
        return dict.fromkeys(agents, 0.0)
    return {
        agent: sum(span.within(window).length_s for span in spans.get(agent, ()))
        / window.length_s
        for agent in agents
    }


def mean(shares: Mapping[str, float]) -> float:
    """Average over agents; 0 without any."""
    return sum(shares.values()) / len(shares) if shares else 0.0
