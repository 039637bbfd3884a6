"""The policy of routing as people write it: `[routing.policy]`."""

from dataclasses import dataclass, field
from typing import Any

from callengine.core.match.policy import (
    AgentKey,
    CallerOrder,
    Limits,
    Policy,
    Reserve,
)
from callengine.core.match.requirement import TOP_LEVEL
from callengine.core.rulebook.errors import did_you_mean
from callengine.core.rulebook.fields import Fields, kind_of
from callengine.core.rulebook.positions import Path

MAX_S = 86_400.0
"""A day: longer times are slips of the pen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """
    How a pool routes.

    Attributes:
        relax_after_s: None leaves it to the settings.
        spare: for calls without rules; see `Rules`.
        prefer_s: of rules that do not say their own.
    """

    policy: Policy = field(default_factory=Policy)
    relax_after_s: float | None = None
    spare: float | None = 2.0
    prefer_s: float = 10.0


_USUAL = Policy()
_SECONDS = ("on_skill_credit_s", "credit_cap_s", "idle_step_s")
_KEYS = (
    "bands",
    "agents",
    "callers",
    *_SECONDS,
    "candidates_kept",
    "ask_again",
    "reserve",
    "occupancy_cap",
    "occupancy_window_s",
    "calls_per_hour",
    "relax_after_s",
    "prefer_s",
    "spare",
)


class PolicyReader:
    """Reads a policy; mistakes end up in `fields`."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    def policy(self, table: dict[str, Any], path: Path) -> RoutingPolicy:
        """Read the whole table; what is not said is as usual."""
        fields = self.fields
        fields.only(table, _KEYS, path)
        usual = RoutingPolicy()
        relax = self._number(table, "relax_after_s", path, 0.0, 0.0, 3_600.0)
        policy = Policy(
            bands=self._bands(table, path),
            agents=self._agents(table, path),
            callers=self._callers(table, path),
            candidates_kept=int(
                self._number(table, "candidates_kept", path, 5, 0, 100, whole=True)
            ),
            ask_again=fields.flag(table, "ask_again", path),
            reserve=self._reserve(fields.table(table, "reserve", path), path),
            limits=self._limits(table, path),
            **{
                key: self._number(table, key, path, getattr(_USUAL, key), 0.0, MAX_S)
                for key in _SECONDS
            },
        )
        return RoutingPolicy(
            policy=policy,
            relax_after_s=relax if "relax_after_s" in table else None,
            spare=self._spare(table, path, usual.spare),
            prefer_s=self._number(table, "prefer_s", path, usual.prefer_s, 0.0, 600.0),
        )

    def _number(
        self,
        table: dict[str, Any],
        key: str,
        path: Path,
        default: float,
        least: float,
        most: float,
        *,
        whole: bool = False,
    ) -> float:
        return self.fields.number(
            table, key, path, default=default, least=least, most=most, whole=whole
        )

    def _spare(
        self, table: dict[str, Any], path: Path, usual: float | None
    ) -> float | None:
        """Read a factor, or `false`: nobody helps before the time."""
        if table.get("spare") is False:
            return None
        if "spare" not in table:
            return usual
        if table["spare"] is True:
            hint = "false: nobody helps before the time"
            self.fields.wrong('"spare" is a number or false', (*path, "spare"), hint)
            return usual
        return self._number(table, "spare", path, 2.0, 0.0, 1_000.0)

    def _bands(self, table: dict[str, Any], path: Path) -> tuple[int, ...]:
        if "bands" not in table:
            return _USUAL.bands
        value, here = table["bands"], (*path, "bands")
        if not isinstance(value, list):
            self.fields.wrong(f'"bands" is a list, not {kind_of(value)}', here)
            return _USUAL.bands
        good = True
        for place, level in enumerate(value):
            if type(level) is not int or not 1 <= level <= TOP_LEVEL:
                shown = level if type(level) in (int, float) else kind_of(level)
                message = f"a band begins at a level from 1 to {TOP_LEVEL}, not {shown}"
                self.fields.wrong(message, (*here, place))
                good = False
            elif good and place and level >= value[place - 1]:
                message = f"bands fall from the best: {level} after {value[place - 1]}"
                self.fields.wrong(message, (*here, place))
                good = False
        return tuple(value) if good else _USUAL.bands

    def _agents(self, table: dict[str, Any], path: Path) -> tuple[AgentKey, ...]:
        if "agents" not in table:
            return _USUAL.agents
        known = [key.value for key in AgentKey]
        here: Path = (*path, "agents")
        found: list[AgentKey] = []
        for place, name in enumerate(self.fields.texts(table, "agents", path)):
            where: Path = (*here, place) if isinstance(table["agents"], list) else here
            if name not in known:
                message = f'agents are not compared by "{name}"'
                self.fields.wrong(message, where, did_you_mean(name, known))
            elif AgentKey(name) in found:
                self.fields.wrong(f'"{name}" is there already', where)
            else:
                found.append(AgentKey(name))
        return tuple(found)

    def _callers(self, table: dict[str, Any], path: Path) -> CallerOrder:
        if "callers" not in table:
            return _USUAL.callers
        name = self.fields.text(table, "callers", path)
        known = [order.value for order in CallerOrder]
        if name in known:
            return CallerOrder(name)
        if isinstance(table["callers"], str):
            message = f'callers are not put in order by "{name}"'
            hint = did_you_mean(name, known)
            self.fields.wrong(message, (*path, "callers"), hint)
        return _USUAL.callers

    def _reserve(self, table: dict[str, Any], above: Path) -> Reserve:
        path, usual = (*above, "reserve"), Reserve()
        self.fields.only(table, ("learned", "half_life_s", "handling_s", "thin"), path)
        learned = self.fields.flag(table, "learned", path)
        half_life_s = self._number(
            table, "half_life_s", path, usual.half_life_s, 60.0, MAX_S
        )
        thin = self._number(table, "thin", path, usual.thin, 1, 10_000, whole=True)
        return Reserve(
            learned=learned if "learned" in table else usual.learned,
            half_life_s=half_life_s,
            handling_s=self._number(
                table, "handling_s", path, usual.handling_s, 5.0, 7_200.0
            ),
            thin=int(thin),
        )

    def _limits(self, table: dict[str, Any], path: Path) -> Limits:
        usual = Limits()
        cap = self._number(table, "occupancy_cap", path, 1.0, 0.05, 1.0)
        window_s = self._number(
            table, "occupancy_window_s", path, usual.window_s, 60.0, MAX_S
        )
        calls = self._number(table, "calls_per_hour", path, 60, 1, 3_600, whole=True)
        if "occupancy_window_s" in table and "occupancy_cap" not in table:
            message = '"occupancy_window_s" belongs to "occupancy_cap"'
            self.fields.wrong_key(message, (*path, "occupancy_window_s"))
        return Limits(
            occupancy_cap=cap if "occupancy_cap" in table else None,
            window_s=window_s,
            calls_per_hour=int(calls) if "calls_per_hour" in table else None,
        )
