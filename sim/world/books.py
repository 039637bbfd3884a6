"""What the engine's own books say after a run, read from its database."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from callengine.core.match.zero_match import lacking
from callengine.core.rulebook.written import read_expr


@dataclass(frozen=True, slots=True)
class BookedCall:
    """A finished call; instants are Unix time."""

    call: str
    direction: str
    number: str
    agent: str
    requirement: str
    ending: str
    off_skill: str
    enqueued_at: float
    answered_at: float | None
    bridged_at: float | None
    queued: bool
    """It waited: no agent was free when it came."""


@dataclass(frozen=True, slots=True)
class BookedAttempt:
    """An attempt to reach the customer of an order."""

    order: str
    """The shop's number of the order."""
    call: str
    number: str
    outcome: str
    started_at: float
    answered_at: float | None
    bridged_at: float | None
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class BookedDecision:
    """Why something came out as it did."""

    kind: str
    call: str
    chosen: str
    reason: str
    verdict: str
    """Of the regime, where one was asked for."""


@dataclass(slots=True)
class Books:
    """Calls, attempts, decisions and what agents can do."""

    calls: list[BookedCall] = field(default_factory=list)
    attempts: list[BookedAttempt] = field(default_factory=list)
    decisions: list[BookedDecision] = field(default_factory=list)
    skills: dict[str, dict[str, int]] = field(default_factory=dict)

    def inbound(self) -> list[BookedCall]:
        """List the calls that came in."""
        return [call for call in self.calls if call.direction == "inbound"]

    def lacking_skill(self) -> list[BookedCall]:
        """List calls whose agent lacked a required skill and no reason was kept."""
        return [
            call
            for call in self.calls
            if call.agent
            and not call.off_skill
            and missing_skills(call.requirement, self.skills.get(call.agent, {}))
        ]

    def without_record(self) -> list[BookedCall]:
        """List calls whose agent no decision named."""
        named = {(decision.call, decision.chosen) for decision in self.decisions}
        return [c for c in self.calls if c.agent and (c.call, c.agent) not in named]

    def without_verdict(self) -> list[BookedAttempt]:
        """List attempts that no regime's verdict allowed."""
        allowed = {d.call for d in self.decisions if d.verdict == "allowed"}
        return [a for a in self.attempts if a.call not in allowed]

    def off_skill(self) -> int:
        """Count calls answered off skill with the reason kept."""
        return sum(bool(call.off_skill and call.agent) for call in self.calls)

    def overlapping_attempts(self) -> int:
        """Count attempts begun while another of the same order was under way."""
        by_order: dict[str, list[BookedAttempt]] = {}
        for attempt in sorted(self.attempts, key=lambda a: a.started_at):
            by_order.setdefault(attempt.order, []).append(attempt)
        return sum(
            before.ended_at is None or later.started_at < before.ended_at
            for attempts in by_order.values()
            for before, later in pairwise(attempts)
        )

    def redialled(self, rang: Iterable[str]) -> int:
        """
        Count rings at customers' phones beyond one per booked attempt.

        Args:
            rang: the number of each ring, with or without +.
        """
        booked = Counter(attempt.number.lstrip("+") for attempt in self.attempts)
        seen = Counter(number.lstrip("+") for number in rang)
        return sum(max(0, count - booked[number]) for number, count in seen.items())


def missing_skills(requirement: str, skills: dict[str, int]) -> list[str]:
    """Name the parts of `a>=1 and (b>=2 or c>=3)` that `skills` do not meet."""
    return lacking(read_expr(requirement), skills) if requirement else []


def read_books(database: Path, *, since: float) -> Books:
    """
    Read what happened; blocks. The database may be in use.

    Args:
        since: Unix time; what was before is the sample customers' invented past.
    """
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return Books(
            calls=[_call(row) for row in connection.execute(_CALLS, (since,))],
            attempts=[_attempt(row) for row in connection.execute(_ATTEMPTS, (since,))],
            decisions=[_decision(row) for row in connection.execute(_WHY, (since,))],
            skills=_skills(connection),
        )
    finally:
        connection.close()


_CALLS = """
    SELECT c.*, EXISTS (
        SELECT 1 FROM events e WHERE e.call = c.call AND e.name = 'queued'
    ) AS queued
    FROM calls c WHERE c.enqueued_at >= ?
"""
_ATTEMPTS = """
    SELECT a.*, o.number AS order_number FROM attempts a
    JOIN orders o ON o.order_id = a.order_id WHERE a.started_at >= ?
"""
_WHY = """
    SELECT kind, call, chosen, reason,
        coalesce(json_extract(detail, '$.verdict'), '') AS verdict
    FROM decisions WHERE at >= ?
"""


def _call(row: Any) -> BookedCall:
    return BookedCall(
        call=row["call"],
        direction=row["direction"],
        number=row["number"] or "",
        agent=row["agent"] or "",
        requirement=row["requirement"],
        ending=row["ending"],
        off_skill=row["off_skill"],
        enqueued_at=row["enqueued_at"],
        answered_at=row["answered_at"],
        bridged_at=row["bridged_at"],
        queued=bool(row["queued"]),
    )


def _attempt(row: Any) -> BookedAttempt:
    return BookedAttempt(
        order=row["order_number"],
        call=row["call"],
        number=row["number"],
        outcome=row["outcome"],
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        bridged_at=row["bridged_at"],
        ended_at=row["ended_at"],
    )


def _decision(row: Any) -> BookedDecision:
    return BookedDecision(
        kind=row["kind"],
        call=row["call"] or "",
        chosen=row["chosen"] or "",
        reason=row["reason"],
        verdict=row["verdict"],
    )


def _skills(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """A certificate of a shop and an auto-answering phone are skills too."""
    skills: dict[str, dict[str, int]] = {}
    for row in connection.execute("SELECT agent, phone_mode FROM agents"):
        own = skills.setdefault(row["agent"], {})
        if row["phone_mode"] == "auto_answer":
            own["phone.auto"] = 10
    for row in connection.execute("SELECT agent, shop, level FROM agent_shops"):
        skills[row["agent"]][f"shop.{row['shop']}"] = row["level"]
    for row in connection.execute("SELECT agent, skill, level FROM agent_skills"):
        skills[row["agent"]][row["skill"]] = row["level"]
    return skills


def known_numbers(database: Path, shop: str, limit: int) -> list[str]:
    """List phone numbers of a shop's customers, E.164."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT number FROM customer_phones WHERE shop = ? ORDER BY number LIMIT ?",
            (shop, limit),
        )
        return [str(row[0]) for row in rows]
    finally:
        connection.close()
