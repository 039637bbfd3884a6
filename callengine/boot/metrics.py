"""Metrics of the engine, read from live objects when somebody asks."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callengine.asterisk.ari.telephony import AriTelephony
from callengine.boot.heart import Heart
from callengine.boot.trunk_metrics import add_trunk_metrics
from callengine.engine.health import Health
from callengine.engine.inbox import Inbox
from callengine.engine.service import Engine


def add_heart_metrics(registry: CollectorRegistry, heart: Heart) -> None:
    """Register how late the event loop is: what hangs is late first."""
    Gauge(
        "callengine_loop_latest_seconds",
        "The longest time that one callback kept the event loop.",
        registry=registry,
    ).set_function(lambda: heart.latest_s)


def add_engine_metrics(
    registry: CollectorRegistry,
    engine: Engine,
    telephony: AriTelephony,
    inbox: Inbox,
    health: Health,
) -> None:
    """Register what the engine counts."""
    add_trunk_metrics(registry, engine)

    def gauge(name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(f"callengine_{name}", text, registry=registry).set_function(read)

    gauge("inbox_facts", "Facts not yet applied.", lambda: len(inbox))
    gauge("effects_running", "Calls with effects running.", engine.effects_running)
    gauge("effects_failed", "Effects refused.", lambda: engine.performer.failed)
    recorder = engine.recorder
    gauge("records_waiting", "Records not committed.", lambda: len(recorder))
    gauge("records_spooled", "Of those, on the disk.", lambda: recorder.spooled)
    gauge("records_given_up", "Records lost.", lambda: recorder.given_up)
    gauge("journal_down", "1 while Redis is away.", lambda: engine.journal_down)
    gauge("legs", "Channels we answer for.", lambda: telephony.legs)
    gauge(
        "asterisk_connected",
        "1 while events come.",
        lambda: telephony.stream.listening,
    )
    registry.register(_Labelled(engine, health))


class _Labelled(Collector):
    """Metrics by part."""

    def __init__(self, engine: Engine, health: Health) -> None:
        self._engine = engine
        self._health = health

    def collect(self) -> Iterable[Metric]:
        """Read them all."""
        up = GaugeMetricFamily(
            "callengine_part_up", "1 while a part can be used.", labels=["part"]
        )
        since = GaugeMetricFamily(
            "callengine_part_since_seconds",
            "Unix time since which a part is as it is.",
            labels=["part"],
        )
        for name, part in self._health.parts().items():
            up.add_metric([name], part.ok)
            since.add_metric([name], part.since)
        mishaps = CounterMetricFamily(
            "callengine_mishaps",
            "Failures nobody expected, by what failed; look at the log.",
            labels=["part"],
        )
        for name, count in self._engine.mishaps.counts.items():
            mishaps.add_metric([name], count)
        return up, since, mishaps
