"""What everybody saw of a run, before anything is concluded from it."""

from dataclasses import dataclass, field

from sim.agent_log import AgentLog, Saved
from sim.receiver.ledger import ReceivedLedger
from sim.sipp.stats import Moment
from sim.world.books import Books
from sim.world.remains import Remains


@dataclass(frozen=True, slots=True)
class SentOrder:
    """An order that the engine took."""

    shop: str
    number: str
    phone: str
    """E.164 without the plus, as the customer's phone sees it."""
    sent_at: float
    """Unix time just before it was sent."""


@dataclass(slots=True)
class Evidence:
    """
    The callers', customers', agents' and receivers' own records, and the books.

    Attributes:
        seconds: length of the traffic.
        unix_minus_monotonic_s: what to add to an agent's instants for Unix time.
        guest: login of the agent who was a person, empty when all were simulated.
    """

    seconds: float
    unix_minus_monotonic_s: float
    callers: list[Moment] = field(default_factory=list)
    customers: list[Moment] = field(default_factory=list)
    orders: list[SentOrder] = field(default_factory=list)
    refused_orders: list[str] = field(default_factory=list)
    agents: AgentLog = field(default_factory=AgentLog)
    books: Books = field(default_factory=Books)
    ledger: ReceivedLedger = field(default_factory=ReceivedLedger)
    remains: Remains = field(default_factory=Remains)
    guest: str = ""

    def offered(self) -> list[str]:
        """List the caller's number of each call that callers made."""
        return [m.who for m in self.callers if m.what == "called"]

    def dialled_orders(self) -> list[SentOrder]:
        """List the orders whose customer's phone was called at least once."""
        rang = {m.who for m in self.customers if m.what == "rang"}
        return [order for order in self.orders if order.phone in rang]

    def saved(self) -> list[Saved]:
        """List what agents saved; what the person did is only in the books."""
        theirs = [
            Saved(d.agent, d.call, d.shop, d.order, d.disposition, d.at)
            for d in self.books.dispositions
            if self.guest and d.agent == self.guest
        ]
        return [*self.agents.saved, *theirs]
