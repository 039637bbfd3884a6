"""What the engine itself wrote down of a live run, read from its database."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.livedialer.spans import Span

MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """
    An attempt as it was booked; instants are Unix time.

    Attributes:
        number: E.164 without the plus.
        agent: who talked, or was set aside; empty for nobody.
        reserved_at: when an agent was first set aside for it.
        agent_answered_at: when the agent's phone had answered.
        cleared_at: when its end was decided.
        said_at: when the agent saved what came of the talk.
    """

    number: str
    agent: str
    outcome: str
    started_at: float
    reserved_at: float | None
    answered_at: float | None
    agent_answered_at: float | None
    bridged_at: float | None
    cleared_at: float | None
    said_at: float | None
    ended_at: float | None
    sip_code: int | None

    def busy(self, until: float) -> Span | None:
        """Tell when its agent talked and wrapped up, an unfinished one to `until`."""
        if self.bridged_at is None:
            return None
        ends = self.cleared_at if self.outcome == MACHINE else self.said_at
        return Span(self.bridged_at, until if ends is None else ends)


def read_tries(database: Path, *, since: float) -> list[Try]:
    """Read attempts in the order in which they began; blocks."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [_try(row) for row in connection.execute(_TRIES, (since,))]


def under_way(database: Path) -> int:
    """Count attempts whose end is not on the books yet; blocks."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found = connection.execute(_UNDER_WAY).fetchone()
        return int(found[0])


_UNDER_WAY = "SELECT count(*) FROM attempts WHERE ended_at IS NULL"
_TRIES = """
    SELECT a.number, a.outcome, a.started_at, a.answered_at, a.bridged_at,
        a.ended_at, a.sip_code, d.at AS said_at,
        COALESCE(
            c.agent, MAX(CASE WHEN e.name = 'reserved' THEN e.detail END), ''
        ) AS agent,
        MIN(CASE WHEN e.name = 'reserved' THEN e.at END) AS reserved_at,
        MAX(CASE WHEN e.name = 'agent_answered' THEN e.at END) AS agent_answered_at,
        MIN(CASE WHEN e.name = 'cleared' THEN e.at END) AS cleared_at
    FROM attempts a
    LEFT JOIN calls c ON c.call = a.call
    LEFT JOIN events e ON e.call = a.call
    LEFT JOIN dispositions d ON d.call = a.call
    WHERE a.started_at >= ?
    GROUP BY a.attempt ORDER BY a.started_at, a.attempt
"""


def _try(row: Any) -> Try:
    return Try(**dict(row) | {"number": row["number"].lstrip("+")})


def busy_by_agent(tries: Iterable[Try], until: float) -> dict[str, list[Span]]:
    """Collect each agent's spans of talk and wrap-up."""
    spans: dict[str, list[Span]] = {}
    for one in tries:
        if (span := one.busy(until)) is not None:
            spans.setdefault(one.agent, []).append(span)
    return spans


def reserves_before_dialling(tries: Iterable[Try]) -> bool:
    """Whether agents were set aside before customers answered: progressive."""
    early = [t.reserved_at is not None for t in tries if t.answered_at is None]
    return bool(early) and sum(early) > len(early) / 2
