"""Who works in the benchmark: agents on fixed addresses, in two groups."""

from dataclasses import dataclass

from callengine.asterisk.provision import FallbackQueue, Member, Provision
from callengine.core.ids import AgentId, ShopId
from callengine.core.roster import Shop
from callengine.engine.ports import PhoneAccount

SIP_PASSWORD = "fixed-address-never-registers"
"""Phones on fixed addresses do not log in; Asterisk's file wants a password anyway."""

ROUND_THE_CLOCK = """\
[regimes.bench]
base = "house"
hours = { all = "00:00-24:00" }
caps = { per_day = 50, per_week = 200, in_all = 20 }
"""
"""A measurement dials at any hour, and the same numbers again and again."""


@dataclass(frozen=True, slots=True)
class Group:
    """Agents who serve one shop and, natively, one queue."""

    shop: str
    queue: str
    number: str
    agents: int
    dials_orders: bool = False
    zone: str = "Europe/Moscow"

    @property
    def phone_mode(self) -> str:
        """Order calls go only to phones that answer by themselves."""
        return "auto_answer" if self.dials_orders else "ring"

    def logins(self) -> list[str]:
        """Name its agents."""
        return [f"{self.queue}{n:03d}" for n in range(self.agents)]


MANY = Group("bench", "bench", "+74955550001", 400)
FEW = Group("few", "benchfew", "+74955550002", 20)
GROUPS = (MANY, FEW)
ENDURANCE = Group("soak", "soak", "+74955550003", 60, dials_orders=True)


def provision(groups: tuple[Group, ...], agents_at: str) -> Provision:
    """Make what Asterisk must know; every phone is at `agents_at` (`HOST:PORT`)."""
    shops = tuple(shop_of(group) for group in groups)
    accounts = tuple(
        PhoneAccount(
            agent=AgentId(login),
            login=login,
            name=f"Agent {login}",
            sip_password=SIP_PASSWORD,
            phone_mode=group.phone_mode,
            shops=(ShopId(group.shop),),
        )
        for group in groups
        for login in group.logins()
    )
    return Provision(
        shops=shops,
        accounts=accounts,
        contacts={a.login: f"sip:{a.login}@{agents_at}" for a in accounts},
        queues=tuple(
            FallbackQueue(
                name=group.queue,
                title=f"native peer of {group.shop}",
                members=tuple(
                    Member(endpoint=f"PJSIP/{login}", name=login)
                    for login in group.logins()
                ),
            )
            for group in groups
        ),
    )


def shop_of(group: Group) -> Shop:
    """Make a group's shop."""
    return Shop(
        shop=ShopId(group.shop),
        name=group.shop,
        language="ru",
        region="RU",
        currency="RUB",
        zone=group.zone,
        numbers=(group.number,),
        queue=f"fallback-{group.shop}",
        greeting="",
    )


def shops_toml(groups: tuple[Group, ...] = GROUPS) -> str:
    """Write the same roster as a file for the engine's database."""
    lines = [ROUND_THE_CLOCK]
    for group in groups:
        lines += [
            "[[shops]]",
            f'slug = "{group.shop}"',
            f'name = "{group.shop}"',
            'language = "ru"',
            'region = "RU"',
            'currency = "RUB"',
            f'zone = "{group.zone}"',
            f'numbers = ["{group.number}"]',
            f"dial_orders = {str(group.dials_orders).lower()}",
            'regime = "bench"',
            f'queue = {{ name = "fallback-{group.shop}" }}',
        ]
        for login in group.logins():
            lines += [
                "[[agents]]",
                f'login = "{login}"',
                f'name = "Agent {login}"',
                f'phone_mode = "{group.phone_mode}"',
                f"shops = {{ {group.shop} = 5 }}",
                'skills = { "lang.ru" = 10 }',
            ]
    return "\n".join(lines) + "\n"
