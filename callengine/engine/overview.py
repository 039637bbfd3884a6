"""The engine's parts, and what supervisors ask of them. Reads are cheap."""

from collections.abc import Callable, Sequence
from typing import Any

from callengine.core.ids import CallId, Instant
from callengine.core.pool import Pool
from callengine.engine.config import Ports
from callengine.engine.desk import Desk
from callengine.engine.feeder import Feeder
from callengine.engine.floor import Floor
from callengine.engine.inbox import Inbox
from callengine.engine.mishaps import Mishaps
from callengine.engine.owner import Owner
from callengine.engine.performer import Performer
from callengine.engine.ports import OrderHistory
from callengine.engine.recorder import Recorder
from callengine.engine.waiting import told_of


class Overview(Desk):
    """The parts that are there before an engine starts, and what is seen of them."""

    def __init__(
        self,
        ports: Ports,
        inbox: Inbox,
        clock: Callable[[], Instant],
        *,
        away_s: float,
    ) -> None:
        super().__init__(ports.desktops, ports.ledger, inbox.post, clock, away_s=away_s)
        self._ports = ports
        self._inbox = inbox
        self.floor_view = Floor()
        self.mishaps = Mishaps(ports.mishaps, clock)
        self.performer = Performer(
            ports.telephony, ports.ledger, inbox.post, clock, self.mishaps
        )
        self.recorder = Recorder(
            ports.ledger, self._committed, self.mishaps, clock=clock, spool=ports.spool
        )
        self.owner: Owner | None = None
        self.feeder: Feeder | None = None

    @property
    def pool(self) -> Pool:
        """The live state; read-only for everybody but the owner."""
        return self._started().pool

    @property
    def journal_down(self) -> bool:
        """Whether live state cannot be journalled."""
        return self.owner is not None and self.owner.journal.is_down

    @property
    def store_down(self) -> bool:
        """Whether the database did not answer the last time."""
        return self.feeder is not None and self.feeder.store_down

    def effects_running(self) -> int:
        """Count calls whose effects are being performed."""
        return len(self.performer)

    def floor(self) -> dict[str, Any]:
        """Count calls by state, agents by state, latencies: plain JSON values."""
        owner = self._started()
        return {
            **self.floor_view.snapshot(self.pool),
            "inbox": len(self._inbox),
            "effects_running": len(self.performer),
            "effects_failed": self.performer.failed,
            "records_waiting": len(self.recorder),
            "journal_down": owner.journal.is_down,
            "illegal_transitions": owner.guard.illegal,
            "mishaps": dict(self.mishaps.counts),
            "mishaps_last": list(self.mishaps.last)[-5:],
        }

    def trunks(self) -> list[dict[str, Any]]:
        """Tell how each trunk does: plain JSON values."""
        return self.pool.trunks.snapshot(self._clock())

    async def why_order(self, key: str) -> OrderHistory | None:
        """Tell an order's verdicts and attempts, by its id or an attempt's."""
        return await self._ports.archive.why_order(key)

    async def why(self, call: CallId) -> dict[str, Any] | None:
        """Tell a call's decisions and events, None when nothing is known of it."""
        live = self.pool.calls.get(call)
        history = await self._ports.archive.why(call)
        if live is None and history is None:
            return None
        return {
            "call": call,
            "live": None if live is None else told_of(self.pool, live),
            "history": history,
        }

    def _started(self) -> Owner:
        if self.owner is None:
            raise RuntimeError("the engine is not started")
        return self.owner

    def _committed(self, calls: Sequence[CallId]) -> None:
        self._started().forget(calls)
