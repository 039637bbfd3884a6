"""A shop and agents, as the database would give them."""

from typing import Any

from callengine.core.ids import AgentId, ShopId
from callengine.engine.ports import PhoneAccount, Shop


def make_shop(**changes: Any) -> Shop:
    """Shop `north`, dialled as +74950000001, queue `north`."""
    values: dict[str, Any] = {
        "shop": ShopId("north"),
        "name": "North",
        "language": "ru",
        "region": "RU",
        "currency": "RUB",
        "zone": "Europe/Moscow",
        "numbers": ("+74950000001",),
        "queue": "north",
        "greeting": "",
    }
    return Shop(**{**values, **changes})


def make_account(login: str, **changes: Any) -> PhoneAccount:
    """An agent of shop `north`."""
    values: dict[str, Any] = {
        "agent": AgentId(login),
        "login": login,
        "name": login.title(),
        "sip_password": f"password-of-{login}",
        "phone_mode": "ring",
        "shops": (ShopId("north"),),
    }
    return PhoneAccount(**{**values, **changes})
