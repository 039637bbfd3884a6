"""A trunk as the core sees it: what it carries, what it may show, how much at once."""

from dataclasses import dataclass, field

from callengine.core.ids import ShopId
from callengine.core.recycling.fates import TrunkMap
from callengine.core.trunks.formats import NumberRules, to_wire


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNumber:
    """
    A number of ours that a carrier lets us show.

    Attributes:
        number: E.164.
        shops: who may show it; empty for all.
        to: beginnings of the numbers it is shown to, such as `+7812`; empty for all.
    """

    number: str
    shops: tuple[str, ...] = ()
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """
    What one connection to a carrier can do.

    Attributes:
        name: as shops name it; its endpoint is `PJSIP/NAME`.
        numbers: how the carrier writes numbers.
        takes: beginnings of the numbers it is dialled for; empty for all.
        refuses: beginnings of numbers among them that it is not dialled for.
        tech_prefix: put before every number that is dialled.
        shown: numbers that the carrier lets us show; empty for any.
        channels: calls at once, both ways; None for no limit.
        calls_per_s: new calls per second that we may start; None for no limit.
        cost: 1 is cheapest; shops that name no trunk are dialled by the cheapest first.
        codes: what the carrier means by its codes.
        believes: whether the caller's number is believed at all.
    """

    name: str
    numbers: NumberRules = field(default_factory=NumberRules)
    takes: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    tech_prefix: str = ""
    shown: tuple[ShownNumber, ...] = ()
    channels: int | None = None
    calls_per_s: float | None = None
    cost: int = 5
    codes: TrunkMap = field(default_factory=TrunkMap)
    believes: bool = True

    @property
    def endpoint(self) -> str:
        """Asterisk's name of it."""
        return f"PJSIP/{self.name}"

    def carries(self, number: str) -> bool:
        """Say whether it is dialled for an E.164 number."""
        return (not self.takes or number.startswith(self.takes)) and not (
            self.refuses and number.startswith(self.refuses)
        )

    def dial_string(self, number: str) -> str:
        """Say what Asterisk is to ring for an E.164 number."""
        written = to_wire(number, self.numbers.send, self.numbers)
        return f"PJSIP/{self.tech_prefix}{written}@{self.name}"

    def caller_id(self, shop: ShopId, wanted: str, number: str) -> str | None:
        """
        Choose the number of ours that a customer is shown, as the carrier writes it.

        The closest to where the customer is wins, then one of this shop alone, then
        the one that the shop wants.

        Args:
            wanted: the shop's own, E.164; '' for none.
            number: who is called, E.164.

        Returns:
            None when the carrier lets this shop show nothing to that number.
        """
        chosen = self.shows(shop, wanted, number)
        if chosen is None:
            return None
        return to_wire(chosen, self.numbers.show, self.numbers)

    def shows(self, shop: ShopId, wanted: str, number: str) -> str | None:
        """Choose as `caller_id` does; E.164."""
        if not self.shown:
            return wanted
        fit = [
            (_reach(one, number), bool(one.shops), one.number == wanted, -place, one)
            for place, one in enumerate(self.shown)
            if (not one.shops or shop in one.shops) and _reach(one, number) >= 0
        ]
        return max(fit, key=lambda found: found[:4])[4].number if fit else None


def _reach(one: ShownNumber, number: str) -> int:
    """Length of the beginning that fits; 0 for a number shown to all, -1 for none."""
    if not one.to:
        return 0
    return max((len(p) for p in one.to if number.startswith(p)), default=-1)
