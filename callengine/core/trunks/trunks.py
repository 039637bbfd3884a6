"""Every trunk of the installation, as the pool sees it live."""

from collections.abc import Mapping
from typing import Any

from callengine.core.ids import Instant, ShopId
from callengine.core.trunks.choosing import Choice, NoTrunk, Wanted, choose
from callengine.core.trunks.standing import Standing
from callengine.core.trunks.trunk import Trunk

ONLY = "trunk"
"""The one there is when the settings name none."""


class Trunks:
    """
    Trunks by name.

    Args:
        known: from the settings; without any, every name that a shop uses is taken
            for a trunk of the admin's own Asterisk.
    """

    def __init__(self, known: Mapping[str, Trunk]) -> None:
        self._named = bool(known)
        self._all = {name: Standing(trunk) for name, trunk in known.items()}
        self._by_cost = sorted(self._all.values(), key=lambda s: s.trunk.cost)

    def __iter__(self) -> Any:
        return iter(self._all.values())

    def get(self, name: str) -> Standing | None:
        """Find a trunk; one of an Asterisk that is not ours is made when named."""
        found = self._all.get(name)
        if found is None and name and not self._named:
            found = self._all[name] = Standing(Trunk(name=name))
        return found

    def known(self, name: str) -> Standing | None:
        """Find a trunk that the settings name."""
        return self._all.get(name)

    def at(self, endpoint: str) -> Standing | None:
        """Find a trunk that the settings name, by `PJSIP/NAME`."""
        return self._all.get(endpoint.removeprefix("PJSIP/"))

    def line(self, names: tuple[str, ...]) -> list[Standing]:
        """Put a shop's trunks in line: as it names them, else the cheapest first."""
        if not names:
            if self._named:
                return self._by_cost
            names = (ONLY,)
        return [found for name in names if (found := self.get(name)) is not None]

    def room(self, names: tuple[str, ...], now: Instant) -> int:
        """Say how many calls a shop's trunks may take now."""
        return sum(standing.room(now) for standing in self.line(names))

    def choose(
        self,
        names: tuple[str, ...],
        now: Instant,
        *,
        shop: ShopId,
        number: str,
        caller_id: str,
        tried: tuple[str, ...] = (),
    ) -> Choice | NoTrunk:
        """Choose what a shop's call is dialled by; see `choosing.choose`."""
        wanted = Wanted(shop=shop, number=number, caller_id=caller_id, tried=tried)
        line = self.line(names)
        found = choose(line, wanted, now)
        unknown = [n for n in names if n not in self._all]
        if isinstance(found, NoTrunk) and unknown:
            said = tuple(f"{name}: no such trunk" for name in unknown)
            return NoTrunk((*found.passed, *said), found.wait_s)
        return found

    def snapshot(self, now: Instant) -> list[dict[str, Any]]:
        """Tell how each does: plain JSON values."""
        return [_told(standing, now) for standing in self._all.values()]


def _told(standing: Standing, now: Instant) -> dict[str, Any]:
    trunk = standing.trunk
    ratio = standing.ratio
    return {
        "trunk": trunk.name,
        "state": standing.away(now) or standing.full(now) or "ready",
        "registered": standing.registered,
        "registration": standing.registration,
        "answers": standing.reachable,
        "calls": standing.calls,
        "channels": trunk.channels,
        "calls_per_s": trunk.calls_per_s,
        "cost": trunk.cost,
        "tries": standing.tries,
        "answered": standing.answered,
        "failed": standing.failed,
        "arrived": standing.arrived,
        "answer_seizure": None if ratio is None else round(ratio, 4),
        "rests_s": round(max(0.0, standing.rests_until - now), 1),
        "failures": [
            {"at": failure.at, "code": failure.code, "said": failure.said}
            for failure in standing.failures
        ],
    }
