"""Which trunk a call is dialled by, and why not by the others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callengine.core.ids import Instant, ShopId
from callengine.core.trunks.standing import Standing
from callengine.core.trunks.trunk import Trunk

NEVER_S = 3600.0
SOON_S = 5.0


@dataclass(frozen=True, slots=True)
class Choice:
    """
    A trunk to dial by.

    Attributes:
        caller_id: what is shown, as the carrier writes it.
        passed: the trunks before it in line and why each was not taken.
    """

    trunk: Trunk
    caller_id: str
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoTrunk:
    """
    Nothing to dial by.

    Attributes:
        passed: every trunk and why it was not taken.
        wait_s: when to look again: long if no trunk is for this call at all.
    """

    passed: tuple[str, ...]
    wait_s: float

    @property
    def reason(self) -> str:
        """Everything in words."""
        return "; ".join(self.passed) or "the shop has no trunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    A call that wants a trunk.

    Attributes:
        number: who is called, E.164.
        caller_id: what the shop would show, E.164.
        tried: trunks that have failed this call already.
    """

    shop: ShopId
    number: str
    caller_id: str
    tried: tuple[str, ...] = ()


def choose(line: Iterable[Standing], wanted: Wanted, now: Instant) -> Choice | NoTrunk:
    """
    Take the first trunk in line that carries the call and has room.

    Args:
        line: the shop's trunks, best first.
    """
    passed: list[str] = []
    only_busy = False
    for standing in line:
        trunk = standing.trunk
        if trunk.name in wanted.tried:
            continue
        why_not = next(_never(trunk, wanted), "")
        if not why_not:
            why_not = standing.away(now) or standing.full(now)
            only_busy = only_busy or bool(why_not)
        if why_not:
            passed.append(f"{trunk.name}: {why_not}")
            continue
        shown = trunk.caller_id(wanted.shop, wanted.caller_id, wanted.number)
        return Choice(trunk, shown or "", tuple(passed))
    return NoTrunk(tuple(passed), SOON_S if only_busy else NEVER_S)


def _never(trunk: Trunk, wanted: Wanted) -> Iterator[str]:
    """Say what no waiting would change."""
    if not trunk.carries(wanted.number):
        yield "not for this destination"
    if trunk.shows(wanted.shop, wanted.caller_id, wanted.number) is None:
        yield "may show none of the shop's numbers"
