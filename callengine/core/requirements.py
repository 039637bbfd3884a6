"""
What a call needs of an agent: the language and the shop's certificate for sure,
knowledge of what the customer buys and where they live if it can be had.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from callengine.core.cards import OrderCard
from callengine.core.skills import Requirement

GONE_STAGES = frozenset(("cancelled",))
"""Orders that are no purchase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Minimum skill levels that calls ask for."""

    language: int = 5
    certificate: int = 1
    product: int = 3
    product_vip: int = 6
    region: int = 1


DEFAULT_LEVELS = Levels()
VIP = "vip"
"""The segment whose customers get a better product expert."""


def most_bought(bought: Mapping[str, int]) -> str:
    """Name the category bought most, the first by name among equals; '' if none."""
    positive = {name: count for name, count in bought.items() if name and count > 0}
    return min(positive, key=lambda name: (-positive[name], name), default="")


def bought_by_category(orders: Iterable[OrderCard]) -> dict[str, int]:
    """Count pieces per category over a customer's orders."""
    counts: dict[str, int] = {}
    for order in orders:
        if order.stage in GONE_STAGES:
            continue
        for item in order.items:
            counts[item.category] = counts.get(item.category, 0) + item.quantity
    return counts


def requirement_of_call(
    shop: str,
    language: str,
    *,
    bought: Mapping[str, int] | None = None,
    region: str = "",
    segment: str = "",
    levels: Levels = DEFAULT_LEVELS,
) -> Requirement:
    """
    Say what skills a call needs.

    The region is dropped before the product when nobody fits: a wrong accent is
    forgiven sooner than a wrong answer.

    Args:
        shop: the shop's slug.
        language: primary tag of the language to speak.
        bought: pieces bought per category.
        segment: the customer's segment; `vip` raises the product level.
    """
    hard = (
        (f"lang.{language.lower()}", levels.language),
        (f"shop.{shop.lower()}", levels.certificate),
    )
    soft: list[tuple[str, int]] = []
    category = most_bought(bought or {})
    if category:
        level = levels.product_vip if segment.lower() == VIP else levels.product
        soft.append((f"product.{category.lower()}", level))
    if region:
        soft.append((f"region.{region.lower()}", levels.region))
    return Requirement(hard, tuple(soft))
