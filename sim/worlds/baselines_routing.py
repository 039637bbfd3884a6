"""
Routers to compare with, written from the published rules of other engines.

- `app_queue`: one queue per skill; members by penalty, then least recent call. Each
  queue serves its own callers; which queue an agent of several queues serves first is
  not defined there, so it is drawn at random here. A queue rule may let members of
  higher penalty in after some seconds.
- `mod_callcenter`: callers by score (seconds waited plus base score); agents of the
  lowest tier level first, further levels after a wait, longest idle within a level.
- `strict`: higher priority first whatever the age, then the oldest; longest idle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sim.worlds.routing import CallClass, Centre, Offer, Router

Tier = Callable[[str, CallClass], int | None]
"""The level of an agent for a class of callers; None for agents who may not."""


@dataclass(slots=True)
class Waiting:
    """A caller in a baseline's line."""

    call: int
    kind: CallClass
    at: float


class TierRouter:
    """
    What the baselines share: idle agents, waiting callers, tiers that open by wait.

    Args:
        opens_s: seconds of waiting after which a level may serve.
    """

    def __init__(self, centre: Centre, *, opens_s: Callable[[int], float]) -> None:
        self.centre = centre
        self.opens_s = opens_s
        self.idle: dict[str, float] = {}
        self.waiting: dict[int, Waiting] = {}
        self.levels = {
            (agent, kind.skill): self.level(agent, kind)
            for agent in centre.agents
            for kind in centre.classes
        }
        self.steps = sorted({opens_s(n) for n in self.levels.values() if n is not None})

    def level(self, agent: str, kind: CallClass) -> int | None:
        """Return the tier of an agent: penalties count down from the best level."""
        held = self.centre.agents[agent]
        level = held.get(kind.skill)
        return None if level is None else max(held.values()) - level

    def order(self, waiting: Waiting, now: float) -> tuple[float, ...]:
        """Rank a caller, lowest first."""
        return (waiting.at,)

    # --- as a router ---------------------------------------------------------------

    def arrived(self, call: int, kind: CallClass, now: float) -> list[Offer]:
        """Take the caller in; look for an agent."""
        caller = Waiting(call, kind, now)
        agent = self._agent_for(caller, now)
        if agent is None:
            self.waiting[call] = caller
            return []
        del self.idle[agent]
        return [(call, agent)]

    def freed(self, agent: str, now: float) -> list[Offer]:
        """Look for a caller."""
        caller = self._caller_for(agent, now)
        if caller is None:
            self.idle[agent] = now
            return []
        del self.waiting[caller.call]
        return [(caller.call, agent)]

    def left(self, call: int, now: float) -> None:
        """Forget the caller."""
        self.waiting.pop(call, None)

    def due(self, now: float) -> list[Offer]:
        """Look for agents for callers to whom further levels opened."""
        offers = []
        for caller in sorted(self.waiting.values(), key=lambda c: self.order(c, now)):
            agent = self._agent_for(caller, now) if self.idle else None
            if agent is not None:
                del self.idle[agent], self.waiting[caller.call]
                offers.append((caller.call, agent))
        self._looked_at = now
        return offers

    _looked_at = -1.0

    def next_due(self) -> float | None:
        """Say when a level opens to a waiting caller."""
        if not self.idle or len(self.steps) < 2:
            return None
        opens = (
            caller.at + step
            for caller in self.waiting.values()
            for step in self.steps
            if caller.at + step > self._looked_at
        )
        return min(opens, default=None)

    def _may(self, agent: str, caller: Waiting, now: float) -> int | None:
        level = self.levels[agent, caller.kind.skill]
        if level is None or now - caller.at < self.opens_s(level) - 1e-9:
            return None
        return level

    def _agent_for(self, caller: Waiting, now: float) -> str | None:
        able = [
            (level, since, agent)
            for agent, since in self.idle.items()
            if (level := self._may(agent, caller, now)) is not None
        ]
        return min(able)[2] if able else None

    def _caller_for(self, agent: str, now: float) -> Waiting | None:
        able = [
            c for c in self.waiting.values() if self._may(agent, c, now) is not None
        ]
        return min(able, key=lambda c: self.order(c, now)) if able else None


class AppQueue(TierRouter):
    """One queue per skill; an agent who is free serves a random one of theirs."""

    def __init__(self, centre: Centre, *, others_after_s: float | None) -> None:
        self._others_after_s = others_after_s
        self._chance = Random(0)
        super().__init__(centre, opens_s=self._opens)

    def _opens(self, level: int) -> float:
        return self._others_after_s or 0.0 if level >= _OTHERS else 0.0

    def level(self, agent: str, kind: CallClass) -> int | None:
        """Members by penalty; with a queue rule everybody else is one, too."""
        penalty = super().level(agent, kind)
        if penalty is None and self._others_after_s is not None:
            return _OTHERS
        return penalty

    def _caller_for(self, agent: str, now: float) -> Waiting | None:
        heads: dict[str, Waiting] = {}
        for caller in self.waiting.values():
            skill = caller.kind.skill
            if skill not in heads and self._may(agent, caller, now) is not None:
                heads[skill] = caller
        return self._chance.choice(list(heads.values())) if heads else None


class Callcenter(TierRouter):
    """Scores by wait and base score; levels open one after the other."""

    def __init__(self, centre: Centre, *, level_s: float, everybody: bool) -> None:
        self._everybody = everybody
        super().__init__(centre, opens_s=lambda level: level * level_s)

    def level(self, agent: str, kind: CallClass) -> int | None:
        """Tiers by skill rank; everybody else on a last one, if they are in it."""
        tier = super().level(agent, kind)
        if tier is None and self._everybody:
            return len(self.centre.agents[agent])
        return tier

    def order(self, waiting: Waiting, now: float) -> tuple[float, ...]:
        """The highest score first."""
        return (waiting.at - waiting.kind.priority,)


class Strict(TierRouter):
    """The highest priority first, whatever the age."""

    def __init__(self, centre: Centre) -> None:
        super().__init__(centre, opens_s=lambda _: 0.0)

    def level(self, agent: str, kind: CallClass) -> int | None:
        """All who have the skill are alike."""
        return None if super().level(agent, kind) is None else 0

    def order(self, waiting: Waiting, now: float) -> tuple[float, ...]:
        """Priority, then age."""
        return (-waiting.kind.priority, waiting.at)


_OTHERS = 100
"""Penalty of members who only help out."""


@dataclass(frozen=True, slots=True)
class ByAppQueue:
    """Makes `AppQueue` routers."""

    others_after_s: float | None = None

    def __call__(self, centre: Centre) -> Router:
        """Make the router of a centre."""
        return AppQueue(centre, others_after_s=self.others_after_s)


@dataclass(frozen=True, slots=True)
class ByCallcenter:
    """Makes `Callcenter` routers."""

    level_s: float = 15.0
    everybody: bool = False

    def __call__(self, centre: Centre) -> Router:
        """Make the router of a centre."""
        return Callcenter(centre, level_s=self.level_s, everybody=self.everybody)


@dataclass(frozen=True, slots=True)
class ByStrict:
    """Makes `Strict` routers."""

    def __call__(self, centre: Centre) -> Router:
        """Make the router of a centre."""
        return Strict(centre)
