"""Metrics of the engine, read from live objects when somebody asks."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from callengine.asterisk.ari.telephony import AriTelephony
from callengine.engine.inbox import Inbox
from callengine.engine.service import Engine


def add_engine_metrics(
    registry: CollectorRegistry, engine: Engine, telephony: AriTelephony, inbox: Inbox
) -> None:
    """Register what the engine counts."""

    def gauge(name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(f"callengine_{name}", text, registry=registry).set_function(read)

    gauge("inbox_facts", "Facts not yet applied.", lambda: len(inbox))
    gauge("effects_running", "Calls with effects running.", engine.effects_running)
    gauge("effects_failed", "Effects refused.", lambda: engine.performer.failed)
    gauge("records_waiting", "Records not committed.", lambda: len(engine.recorder))
    gauge("journal_down", "1 while Redis is away.", lambda: engine.journal_down)
    gauge("legs", "Channels we answer for.", lambda: telephony.legs)
    gauge(
        "asterisk_connected",
        "1 while events come.",
        lambda: telephony.stream.listening,
    )
