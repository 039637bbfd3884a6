"""What everybody saw of a live run, before anything is concluded from it."""

from dataclasses import dataclass, field

from callengine.core.predictive.ledger import Totals
from sim.livedialer.books import Try
from sim.livedialer.desks import DeskLog
from sim.livedialer.spans import Span
from sim.sipp.stats import Moment
from sim.world.remains import Remains


@dataclass(slots=True)
class Evidence:
    """
    The engine's books, the phones' logs and what desktops showed.

    Attributes:
        agents: logins of everybody, all logged in from beginning to end.
        whole: from the first ready agent to the end of dialling.
        window: what is measured: `whole` without the warm-up.
        wanted_s: how long the window should be.
        earlier: answers of the same day before the run.
        cpu: processor time in the window as shares of one core, by who used it.
    """

    agents: list[str]
    whole: Span
    window: Span
    wanted_s: float = 0.0
    earlier: Totals = field(default_factory=Totals)
    customers: list[Moment] = field(default_factory=list)
    phones: list[Moment] = field(default_factory=list)
    desks: DeskLog = field(default_factory=DeskLog)
    tries: list[Try] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    remains: Remains = field(default_factory=Remains)
    engine_code: int | None = 0
    """What the engine ended with when asked to; negative: it had to be killed."""
