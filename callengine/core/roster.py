"""Shops and agents, as the core needs them while calls run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callengine.core.compliance.budget import DiallingLimits
from callengine.core.compliance.presets import HOUSE, PRESETS
from callengine.core.compliance.regime import Regime
from callengine.core.ids import AgentId, Instant, ShopId
from callengine.core.phones import AutoAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A tenant."""

    shop: ShopId
    name: str
    language: str
    region: str
    """ISO 3166 region that its customers' numbers are read in."""
    currency: str
    zone: str
    """IANA time zone."""
    numbers: tuple[str, ...]
    """Dialled numbers, E.164."""
    queue: str
    """Name of the fallback queue in Asterisk."""
    greeting: str
    """Media to play on arrival, such as `sound:callengine/greeting-ru`; may be ''."""
    music: str = "default"
    """Music class while waiting; '' for silence."""
    caller_id: str = ""
    """E.164 number shown to called customers."""
    dial_orders: bool = True
    trunks: tuple[str, ...] = ()
    """What its orders are dialled by, best first; none: any, the cheapest first."""
    regime: str = HOUSE.name
    """Name of the rules its orders are dialled by."""
    nuisance_message: str = ""
    """Media for a customer who got no agent; '' for none."""
    advertising: bool = False
    """Its calls offer what the customer did not order."""
    dialling: DiallingLimits = field(default_factory=DiallingLimits)
    """Where its orders are called, and what that may cost a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """An agent's lasting side: who, on what phone, with which skills."""

    agent: AgentId
    login: str
    name: str
    endpoint: str
    """`PJSIP/NAME`."""
    phone_mode: str
    """ring or auto_answer: how the softphone takes *outbound* calls."""
    skills: dict[str, int]
    """Held now: one whose certificate has expired is not here."""
    shops: tuple[ShopId, ...]
    auto_answer: AutoAnswer = AutoAnswer.CALL_INFO
    """How the phone is asked to answer by itself."""
    srtp: bool | None = None
    """Whether the phone must encrypt its sound; None: as the settings say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Shops and agents, read at start and after each `callengine apply`."""

    shops: tuple[Shop, ...] = field(default_factory=tuple)
    agents: tuple[AgentProfile, ...] = field(default_factory=tuple)
    version: int = 0
    changes_at: Instant | None = None
    """When a certificate begins or ends next: the skills are others then."""
    regimes: Mapping[str, Regime] = field(default_factory=lambda: dict(PRESETS))
    """By name; the presets are always among them."""

    def regime_of(self, shop: Shop) -> Regime:
        """Find what the shop's orders are dialled by."""
        return self.regimes.get(shop.regime) or PRESETS.get(shop.regime) or HOUSE
