"""Who may ask, in memory: keys of shops and accounts of agents."""

from dataclasses import dataclass, field

from callengine.core.ids import AgentId, ShopId
from callengine.core.roster import AgentProfile, Shop


def make_shop(shop: str, *, name: str = "Shop", language: str = "ru") -> Shop:
    """Make a shop whose other settings do not matter."""
    return Shop(
        shop=ShopId(shop),
        name=name,
        language=language,
        region="RU",
        currency="RUB",
        zone="Europe/Moscow",
        numbers=("+74950000001",),
        queue=shop,
        greeting="",
    )


def make_profile(login: str, name: str) -> AgentProfile:
    """Make an agent whose other settings do not matter."""
    return AgentProfile(
        agent=AgentId(login),
        login=login,
        name=name,
        endpoint=f"PJSIP/{login}",
        phone_mode="ring",
        skills={},
        shops=(),
    )


@dataclass(slots=True)
class MemoryDoors:
    """`ShopKeys` and `AgentAccounts`: keys, and login to password and agent."""

    keys: dict[str, ShopId] = field(default_factory=dict)
    accounts: dict[str, tuple[str, AgentProfile]] = field(default_factory=dict)
    password_checks: int = 0

    async def shop_for_key(self, key: str) -> ShopId | None:
        """Say whose key this is."""
        return self.keys.get(key)

    async def log_in(self, login: str, password: str) -> AgentProfile | None:
        """Check a password."""
        self.password_checks += 1
        known = self.accounts.get(login)
        return known[1] if known and known[0] == password else None
