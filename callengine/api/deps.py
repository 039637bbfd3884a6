"""What the API is given: the engine, the doors of the store, keys and a clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web
from prometheus_client import CollectorRegistry

from callengine.api.forwarded import Network
from callengine.api.hub import DesktopHub
from callengine.core.ids import Instant
from callengine.engine.deliveries import Deliveries
from callengine.engine.do_not_call import DoNotCall
from callengine.engine.face import EngineFace
from callengine.engine.health import Part
from callengine.engine.order_changes import OrderChanges
from callengine.engine.ports import (
    AgentAccounts,
    Directory,
    OrderIntake,
    ShopKeys,
)

Clock = Callable[[], Instant]


def always_ready() -> Mapping[str, Part]:
    """Answer for an API with nothing behind it that could be away."""
    return {}


class Note(Protocol):
    """Keeps an event of security: `note("wrong key", address="192.0.2.1")`."""

    def __call__(self, event: str, **said: str) -> None:
        """Keep it; never raises."""


def not_noted(event: str, **said: str) -> None:
    """Keep nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDeps:
    """
    Everything `build_app` needs.

    Attributes:
        session_keys: of at least 32 secret bytes each, which outlive a restart, so that
            agents stay logged in when the engine is replaced under them. The first one
            signs, all are accepted.
        admin_tokens: what `Authorization: Bearer` may say on admin calls.
        note: keeps what matters to security, with the address in clear.
        checks: readiness by part (`redis`, `database`, `asterisk`); never waits.
        trusted_proxies: from where `X-Forwarded-*` is believed.
        now: the engine's clock, which never jumps; sessions live by it.
        wall_ahead_s: what to add to `now` for what is kept.
    """

    engine: EngineFace
    hub: DesktopHub
    intake: OrderIntake
    order_changes: OrderChanges
    shop_keys: ShopKeys
    accounts: AgentAccounts
    directory: Directory
    do_not_call: DoNotCall
    deliveries: Deliveries
    session_keys: Callable[[], Sequence[bytes]]
    admin_tokens: Callable[[], Sequence[str]]
    now: Clock
    wall_ahead_s: Callable[[], float] = lambda: 0.0
    checks: Callable[[], Mapping[str, Part]] = always_ready
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    trusted_proxies: tuple[Network, ...] = ()
    note: Note = not_noted

    def wall_now(self) -> Instant:
        """Tell the time of day, for what is kept."""
        return self.now() + self.wall_ahead_s()


DEPS: web.AppKey[ApiDeps] = web.AppKey("DEPS", ApiDeps)
