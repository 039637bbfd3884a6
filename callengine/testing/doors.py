"""The store's doors that the API knocks at, in memory."""

from dataclasses import dataclass, field

from callengine.core.cards import ItemCard, OrderCard
from callengine.core.ids import AgentId, Instant, OrderId, ShopId
from callengine.engine.ports import (
    AgentProfile,
    NewOrder,
    OrderRefused,
    OrderView,
    Roster,
    Shop,
    Taken,
    TakenAs,
    UnknownShop,
)

_LEAST_DIGITS = 7


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
    """`OrderIntake`, `ShopKeys`, `AgentAccounts` and `Directory` at once."""

    shops: dict[ShopId, Shop] = field(default_factory=dict)
    keys: dict[str, ShopId] = field(default_factory=dict)
    accounts: dict[str, tuple[str, AgentProfile]] = field(default_factory=dict)
    orders: dict[tuple[ShopId, str], tuple[NewOrder, OrderView]] = field(
        default_factory=dict
    )
    password_checks: int = 0

    async def take(self, shop: ShopId, order: NewOrder, at: Instant) -> Taken:
        """Keep an order, once per shop and number."""
        if shop not in self.shops:
            raise UnknownShop(shop)
        if sum(c.isdigit() for c in order.phone) < _LEAST_DIGITS:
            raise OrderRefused("customer.phone", "This is no phone number.")
        if (known := self.orders.get((shop, order.number))) is not None:
            is_same = known[0] == order
            taken_as = TakenAs.SAME if is_same else TakenAs.CONFLICT
            return Taken(taken_as=taken_as, order=known[1])
        view = _view(shop, order, at)
        self.orders[shop, order.number] = (order, view)
        return Taken(taken_as=TakenAs.CREATED, order=view)

    async def find(self, shop: ShopId, number: str) -> OrderView | None:
        """Show an order."""
        known = self.orders.get((shop, number))
        return known[1] if known else None

    async def shop_for_key(self, key: str) -> ShopId | None:
        """Say whose key this is."""
        return self.keys.get(key)

    async def log_in(self, login: str, password: str) -> AgentProfile | None:
        """Check a password."""
        self.password_checks += 1
        known = self.accounts.get(login)
        return known[1] if known and known[0] == password else None

    async def roster(self) -> Roster:
        """Read shops and agents."""
        agents = tuple(profile for _, profile in self.accounts.values())
        return Roster(shops=tuple(self.shops.values()), agents=agents, version=1)

    async def roster_version(self) -> int:
        """Never changes."""
        return 1


def _view(shop: ShopId, order: NewOrder, at: Instant) -> OrderView:
    items = tuple(
        ItemCard(
            sku=i.sku,
            name=i.name,
            category=i.category,
            quantity=i.quantity,
            price_minor=i.price_minor,
        )
        for i in order.items
    )
    card = OrderCard(
        order=OrderId(f"{shop}-{order.number}"),
        number=order.number,
        stage="new",
        placed_at="",
        total_minor=sum(i.quantity * i.price_minor for i in items),
        currency=order.currency or "RUB",
        items=items,
    )
    return OrderView(
        order=card,
        phone=order.phone,
        received_at=at,
        deadline_at=None,
        tries=0,
        next_try_at=at,
    )
