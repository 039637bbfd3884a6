"""What the phones of a live run noted, customers' and agents': SIP and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sim.livedialer.spans import Span
from sim.sipp.stats import Moment


@dataclass(slots=True)
class Ring:
    """One call at a customer's phone; instants are Unix time."""

    number: str
    rang_at: float
    answered_at: float | None = None
    refused_at: float | None = None
    cancelled_at: float | None = None
    ended_at: float | None = None


@dataclass(slots=True)
class Talk:
    """One call at an agent's phone, from the ACK of its answer."""

    agent: str
    number: str
    joined_at: float
    left_at: float | None = None
    """Whoever hung up."""
    by_agent: bool = False


def read_rings(moments: Iterable[Moment]) -> list[Ring]:
    """Put the customers' log lines together, a call by its place among the fates."""
    rings: dict[str, Ring] = {}
    for m in moments:
        if m.what == "rang":
            rings[m.detail] = Ring(m.who, m.at)
        elif (ring := rings.get(m.detail)) is not None:
            match m.what:
                case "answered":
                    ring.answered_at = m.at
                case "refused":
                    ring.refused_at = m.at
                case "cancelled":
                    ring.cancelled_at = m.at
                case "ended":
                    ring.ended_at = m.at
                case _:
                    pass
    return sorted(rings.values(), key=lambda ring: ring.rang_at)


def read_talks(moments: Iterable[Moment]) -> list[Talk]:
    """Put the agents' log lines together: one phone has one call at a time."""
    talks: list[Talk] = []
    current: dict[str, Talk] = {}
    for m in sorted(moments, key=lambda m: m.at):
        if m.what == "joined":
            current[m.who] = Talk(m.who, m.detail, m.at)
            talks.append(current[m.who])
        elif m.what in {"left", "ended"} and m.who in current:
            talk = current.pop(m.who)
            talk.left_at, talk.by_agent = m.at, m.what == "left"
    return talks


def talk_spans(talks: Iterable[Talk], until: float) -> dict[str, list[Span]]:
    """Collect each agent's talks, an unfinished one to `until`."""
    spans: dict[str, list[Span]] = {}
    for talk in talks:
        ends = until if talk.left_at is None else talk.left_at
        spans.setdefault(talk.agent, []).append(Span(talk.joined_at, ends))
    return spans


def waits_s(rings: Iterable[Ring], talks: Iterable[Talk]) -> list[float | None]:
    """
    Say how long each answered customer waited for an agent's phone to answer.

    None where no agent's phone did while the customer was there.
    """
    by_number: dict[str, list[float]] = {}
    for talk in talks:
        by_number.setdefault(talk.number, []).append(talk.joined_at)
    return [
        _wait_s(ring, ring.answered_at, by_number)
        for ring in rings
        if ring.answered_at is not None
    ]


def _wait_s(
    ring: Ring, answered_at: float, joined: Mapping[str, list[float]]
) -> float | None:
    gone_at = float("inf") if ring.ended_at is None else ring.ended_at
    after = [at for at in joined.get(ring.number, ()) if answered_at <= at <= gone_at]
    return min(after) - answered_at if after else None


def double_dials(rings: Iterable[Ring], booked: Mapping[str, int]) -> int:
    """
    Count rings beyond the attempts on the books, and rings during another one.

    Args:
        booked: attempts on the books by number, without the plus.
    """
    by_number: dict[str, list[Ring]] = {}
    for ring in rings:
        by_number.setdefault(ring.number, []).append(ring)
    beyond = sum(
        max(0, len(own) - booked.get(number, 0)) for number, own in by_number.items()
    )
    return beyond + sum(_overlaps(own) for own in by_number.values())


def _overlaps(rings: list[Ring]) -> int:
    count, until = 0, 0.0
    for ring in sorted(rings, key=lambda ring: ring.rang_at):
        count += ring.rang_at < until
        over = ring.refused_at or ring.cancelled_at or ring.ended_at
        until = max(until, float("inf") if over is None else over)
    return count
