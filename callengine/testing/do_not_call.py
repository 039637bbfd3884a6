"""The `DoNotCall` port in memory."""

from dataclasses import dataclass

from callengine.core.ids import Instant, ShopId
from callengine.core.numbers import read_number
from callengine.engine.do_not_call import DoNotCallEntry
from callengine.engine.orders import Stage
from callengine.engine.ports import UnknownShop
from callengine.testing.books import MemoryBooks


@dataclass(slots=True)
class MemoryDoNotCall:
    """Keeps the lists in the books."""

    books: MemoryBooks

    async def add(self, shop: ShopId, number: str, at: Instant, note: str = "") -> str:
        """Keep a number; see `DoNotCall`."""
        e164 = self._read(shop, number)
        entry = DoNotCallEntry(number=e164, added_at=at, note=note[:200])
        self.books.do_not_call.setdefault((shop, e164), entry)
        for order in self.books.orders.values():
            mine = order.shop == shop and order.read.phone == e164
            if mine and order.stage != Stage.DIALLING:
                order.attempt = None
        return e164

    async def remove(self, shop: ShopId, number: str) -> bool:
        """Take a number off; False when it was not listed."""
        place = (shop, self._read(shop, number))
        return self.books.do_not_call.pop(place, None) is not None

    async def listed(self, shop: ShopId) -> tuple[DoNotCallEntry, ...]:
        """Read the list by number."""
        if shop not in self.books.shops:
            raise UnknownShop(f"there is no shop {shop!r}")
        mine = [e for (of, _), e in self.books.do_not_call.items() if of == shop]
        return tuple(sorted(mine, key=lambda entry: entry.number))

    def _read(self, shop: ShopId, number: str) -> str:
        if shop not in self.books.shops:
            raise UnknownShop(f"there is no shop {shop!r}")
        return read_number(number, self.books.shops[shop].region)
