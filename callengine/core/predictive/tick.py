"""One decision of the pacer, with what it was made of."""

from typing import Any, NamedTuple

from callengine.core.predictive.snapshot import Duty, PacingView

_NOBODY = PacingView(lines=(), agents=())


class Tick(NamedTuple):
    """
    One decision, with what it was made of.

    Attributes:
        start: attempts to start now.
        hang_up: places in the snapshot's `lines` to hang up.
        reason: what bounded `start`.
        free: agents free for order calls.
        risk: of the next attempt that was not started.
        price: risk allowed.
        room: nuisance calls the ledger still had room for.
        nuisance_rate: in the window.
        look_again_s: the decision holds so long if nothing happens meanwhile.
        view: the snapshot it was made from.
    """

    start: int
    hang_up: tuple[int, ...]
    reason: str
    free: int
    risk: float
    price: float
    room: float
    nuisance_rate: float
    look_again_s: float
    view: PacingView = _NOBODY

    def detail(self) -> dict[str, Any]:
        """
        Return outcome and inputs as plain numbers and words, for a decision record.

        Counted when asked for, so that looks which nobody records cost nothing.
        """
        view = self.view
        duties = [agent.duty for agent in view.agents]
        return {
            "start": self.start,
            "hang_up": len(self.hang_up),
            "reason": self.reason,
            "free_for_orders": self.free,
            "risk": round(self.risk, 5),
            "price": round(self.price, 5),
            "room": round(self.room, 2),
            "nuisance_rate": round(self.nuisance_rate, 5),
            "look_again_s": self.look_again_s,
            "lines": len(view.lines),
            "lines_ringing": sum(line.ringing_at is not None for line in view.lines),
            "agents": len(duties),
            "agents_free": duties.count(Duty.FREE),
            "agents_talking": duties.count(Duty.TALKING),
            "agents_wrapping": duties.count(Duty.WRAPPING),
            "agents_leaving": sum(a.leaves_at is not None for a in view.agents),
            "held": view.held,
            "calls_waiting": view.calls_waiting,
            "keep_free": view.keep_free,
            "inbound_per_s": round(view.inbound_per_s, 5),
            "leads": view.leads,
            "lines_left": view.lines_left,
            "chance": round(view.chance, 4),
        }
