"""What the engine is built of: its ports, and what it is told at start."""

from dataclasses import dataclass, field

from callengine.core.rules import Rules
from callengine.engine.mishaps import MishapKeeper, NoKeeper
from callengine.engine.ports import (
    Archive,
    Crm,
    Desktops,
    Directory,
    Journal,
    Ledger,
    OrderBook,
    Telephony,
)
from callengine.engine.spool import NoSpool, Spool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything the engine needs from outside."""

    telephony: Telephony
    directory: Directory
    crm: Crm
    order_book: OrderBook
    ledger: Ledger
    archive: Archive
    journal: Journal
    desktops: Desktops
    mishaps: MishapKeeper = field(default_factory=NoKeeper)
    spool: Spool = field(default_factory=NoSpool)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """
    What the engine is told at start.

    Attributes:
        identify_s: budget of the look-up of a caller.
        away_s: an agent whose desktop is gone this long is logged out when free.
        lease_wait_s: how long to wait for a lease that a killed engine left.
    """

    node: str
    rules: Rules = field(default_factory=Rules)
    identify_s: float = 0.3
    away_s: float = 30.0
    lease_wait_s: float = 8.0
