"""The port of the numbers that asked a shop not to be called."""

from dataclasses import dataclass
from typing import Protocol

from callengine.core.ids import Instant, ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotCallEntry:
    """A number that asked a shop not to be called."""

    number: str
    """E.164."""
    added_at: Instant
    note: str = ""


class DoNotCall(Protocol):
    """
    Each shop's list of numbers not to be called.

    Numbers are read in the shop's region; one that is none raises `BadNumber`, an
    unknown shop `UnknownShop`.
    """

    async def add(self, shop: ShopId, number: str, at: Instant, note: str = "") -> str:
        """
        Keep a number, in E.164; one on the list already stays as it was.

        A lead with it that is claimed and not dialled yet is taken back at once.
        """

    async def remove(self, shop: ShopId, number: str) -> bool:
        """Take a number off; False when it was not listed."""

    async def listed(self, shop: ShopId) -> tuple[DoNotCallEntry, ...]:
        """Read the list by number."""
