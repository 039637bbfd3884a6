"""What the API is given: the engine, the doors of the store, keys and a clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry

from callengine.api.forwarded import Network
from callengine.api.hub import DesktopHub
from callengine.core.ids import Instant
from callengine.engine.deliveries import Deliveries
from callengine.engine.do_not_call import DoNotCall
from callengine.engine.face import EngineFace
from callengine.engine.health import Part
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDeps:
    """
    Everything `build_app` needs.

    Attributes:
        session_key: at least 32 secret bytes that outlive a restart, so that agents
            stay logged in when the engine is replaced under them.
        admin_token: what `Authorization: Bearer` must say on admin calls.
        checks: readiness by part (`redis`, `database`, `asterisk`); never waits.
        trusted_proxies: from where `X-Forwarded-*` is believed.
        now: the engine's clock, which never jumps; sessions live by it.
        wall_ahead_s: what to add to `now` for what is kept.
    """

    engine: EngineFace
    hub: DesktopHub
    intake: OrderIntake
    shop_keys: ShopKeys
    accounts: AgentAccounts
    directory: Directory
    do_not_call: DoNotCall
    deliveries: Deliveries
    session_key: bytes
    admin_token: str
    now: Clock
    wall_ahead_s: Callable[[], float] = lambda: 0.0
    checks: Callable[[], Mapping[str, Part]] = always_ready
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    trusted_proxies: tuple[Network, ...] = ()

    def wall_now(self) -> Instant:
        """Tell the time of day, for what is kept."""
        return self.now() + self.wall_ahead_s()


DEPS: web.AppKey[ApiDeps] = web.AppKey("DEPS", ApiDeps)
