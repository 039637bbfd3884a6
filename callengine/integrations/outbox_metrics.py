"""Figures of the outbox worker."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from callengine.core.ids import Instant
from callengine.engine.deliveries import OutboxBacklog

_BUCKETS_S = (0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


class OutboxMetrics:
    """Counters by receiver, and the backlog."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._age_s = Histogram(
            "callengine_webhook_age_seconds",
            "From the commit of a message to its delivery.",
            ("receiver",),
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self._failures = Counter(
            "callengine_webhook_failures",
            "Tries that failed; first=yes is what to alert on.",
            ("receiver", "first"),
            registry=registry,
        )
        self._dead = Counter(
            "callengine_webhook_dead",
            "Messages given up; replay them by hand.",
            ("receiver",),
            registry=registry,
        )
        self._backlog = Gauge(
            "callengine_outbox_messages",
            "Messages by state.",
            ("state",),
            registry=registry,
        )
        self._oldest_s = Gauge(
            "callengine_outbox_oldest_seconds",
            "Age of the oldest message not delivered.",
            registry=registry,
        )
        self._paused = Gauge(
            "callengine_webhook_receivers_paused",
            "1 for a receiver that is failing or stopped; its messages are kept.",
            ("shop", "receiver", "state"),
            registry=registry,
        )

    def delivered(self, receiver: str, age_s: float) -> None:
        """Count a delivery."""
        self._age_s.labels(receiver).observe(age_s)

    def failed(self, receiver: str, *, is_first: bool, dies: bool) -> None:
        """Count a failure."""
        self._failures.labels(receiver, "yes" if is_first else "no").inc()
        if dies:
            self._dead.labels(receiver).inc()

    def show_backlog(self, backlog: OutboxBacklog, now: Instant) -> None:
        """Show how far behind delivery is."""
        self._backlog.labels("waiting").set(backlog.waiting)
        self._backlog.labels("failing").set(backlog.failing)
        self._backlog.labels("dead").set(backlog.dead)
        oldest_at = backlog.oldest_at
        self._oldest_s.set(0.0 if oldest_at is None else max(0.0, now - oldest_at))
        self._paused.clear()
        for one in backlog.paused:
            self._paused.labels(one.shop, one.receiver, one.state).set(1)
