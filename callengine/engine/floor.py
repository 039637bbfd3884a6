"""The floor: counts by state and latencies, for dashboards. Reads never wait."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

from callengine.core.machines import AgentState, CallState
from callengine.core.pool import Pool
from callengine.core.records import AttemptRecord, CallRecord, Outcome
from callengine.engine.waiting import phones_in_trouble, waiting_calls

KEPT = 10_000
NUISANCE_AFTER_S = 2.0


def percentiles(values_ms: Iterable[float]) -> dict[str, float | None]:
    """Return p50, p95 and p99 by nearest rank; None when there are no values."""
    ordered = sorted(values_ms)
    if not ordered:
        return {"p50": None, "p95": None, "p99": None}
    last = len(ordered) - 1
    return {
        f"p{p}": round(ordered[min(last, -(-len(ordered) * p // 100) - 1)], 1)
        for p in (50, 95, 99)
    }


class Floor:
    """Counts what ended and how fast things went, the last `KEPT` of each."""

    def __init__(self) -> None:
        self.endings: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.off_skill = 0
        self.late = 0
        self.orders: dict[str, dict[str, int]] = {}
        names = ("arrival_to_ring", "answer_to_agent", "order_to_first_dial")
        self._ms: dict[str, deque[float]] = {n: deque(maxlen=KEPT) for n in names}

    def took(self, name: str, seconds: float) -> None:
        """Keep one latency."""
        self._ms[name].append(seconds * 1000.0)

    def call_ended(self, record: CallRecord) -> None:
        """Count a finished call."""
        self.endings[f"{record.direction}.{record.ending}"] += 1
        if record.bridged_at is not None and record.off_skill:
            self.off_skill += 1
        if record.direction == "inbound":
            rang = [leg.ringing_at for leg in record.legs if leg.role == "agent"]
            waited = any(name == "queued" for _, name, _ in record.events)
            if rang and rang[0] is not None and not waited:
                self.took("arrival_to_ring", rang[0] - record.enqueued_at)

    def attempt_ended(self, record: AttemptRecord) -> None:
        """Count a finished attempt."""
        self.outcomes[record.outcome] += 1
        if record.bridged_at is not None and record.answered_at is not None:
            wait_s = record.bridged_at - record.answered_at
            self.took("answer_to_agent", wait_s)
            self.late += wait_s > NUISANCE_AFTER_S

    def snapshot(self, pool: Pool) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        calls = Counter(call.state.value for call in pool.calls.values())
        agents = Counter(agent.state.value for agent in pool.agents.values())
        orders: Counter[str] = Counter()
        for by_stage in self.orders.values():
            orders.update(by_stage)
        return {
            "at": pool.now,
            "calls": {s.value: calls[s.value] for s in CallState if calls[s.value]},
            "calls_by_direction": dict(
                Counter(call.direction for call in pool.calls.values())
            ),
            "waiting": len(pool.matcher),
            "waiting_calls": waiting_calls(pool),
            "agents": {s.value: agents[s.value] for s in AgentState},
            "agents_offerable": pool.matcher.free_agents,
            "phones_in_trouble": phones_in_trouble(pool),
            "orders": dict(orders),
            "orders_by_shop": self.orders,
            "lines": len(pool.lines),
            "leads": len(pool.leads),
            "campaigns": {s: c.detail(pool.now) for s, c in pool.campaigns.items()},
            "ended": dict(self.endings),
            "outcomes": dict(self.outcomes),
            "off_skill": self.off_skill,
            "nuisance": self.outcomes[Outcome.NUISANCE] + self.late,
            "latency_ms": {n: percentiles(v) for n, v in self._ms.items()},
        }
