"""Metrics of each trunk, read from the live state when somebody asks."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callengine.engine.service import Engine

GAUGES = {
    "calls": "Calls on the trunk now, both ways.",
    "registered": "1 when the carrier has let us in, 0 when it has not.",
    "answers": "1 when the carrier answers OPTIONS, 0 when it does not.",
    "answer_seizure": "Answered share of the last 200 tries.",
    "rests_s": "Seconds until a trunk that failed is probed.",
}
COUNTERS = {
    "tries": "Calls dialled by the trunk.",
    "answered": "Calls dialled by the trunk and answered.",
    "failed": "Calls that the trunk did not carry.",
    "arrived": "Calls that came by the trunk.",
}


class TrunkMetrics(Collector):
    """One family for each figure, one sample for each trunk that has it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Read the trunks; none while the engine is not started."""
        told = [] if self._engine.owner is None else self._engine.trunks()
        kinds = ((GAUGES, GaugeMetricFamily), (COUNTERS, CounterMetricFamily))
        for texts, family in kinds:
            for name, text in texts.items():
                metric = family(f"callengine_trunk_{name}", text, labels=["trunk"])
                for trunk in told:
                    if trunk[name] is not None:
                        metric.add_metric([trunk["trunk"]], float(trunk[name]))
                yield metric


def add_trunk_metrics(registry: CollectorRegistry, engine: Engine) -> None:
    """Register them."""
    registry.register(TrunkMetrics(engine))
