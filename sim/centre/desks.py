"""
Agents as people: when they come, pause and go, how they answer and wrap up.

A desk hears of its agent's state as a desktop would, and keeps how long each lasted.
"""

from random import Random
from typing import TYPE_CHECKING

from callengine.core import facts as saw
from callengine.core.ids import AgentId, CallId
from callengine.core.machines import AgentState
from callengine.core.roster import AgentProfile
from sim.centre.model import Break, Team
from sim.centre.people import person
from sim.centre.values import minute_of, span_of
from sim.worlds.kernel import Event

if TYPE_CHECKING:
    from sim.centre.world import CentreWorld

_BREAK, _MINUTE_S = "break", 60.0


class Desk:
    """One agent of a world."""

    __slots__ = (
        "_back",
        "_break_s",
        "_chance",
        "_saving",
        "_world",
        "_wrapped",
        "agent",
        "here",
        "phone_gone",
        "place",
        "profile",
        "since",
        "state",
        "team",
        "team_name",
    )

    def __init__(
        self,
        world: "CentreWorld",
        profile: AgentProfile,
        team_name: str,
        place: int,
    ) -> None:
        self._world = world
        self.profile = profile
        self.agent: AgentId = profile.agent
        self.team_name = team_name
        self.team: Team = world.centre.teams[team_name]
        self.place = place
        self.here = False
        self.phone_gone = False
        self.state = AgentState.OFFLINE
        self.since = world.now
        self._chance: Random = person(world.kernel.seed, f"agent/{profile.agent}")
        self._saving: Event | None = None
        self._wrapped: CallId | None = None
        self._back: Event | None = None
        self._break_s = 0.0

    # --- the day -----------------------------------------------------------------

    def plan_day(self) -> None:
        """Schedule the agent's day."""
        world, team, day = self._world, self.team, self._world.day
        begins, ends = span_of(team.shift)
        late_s = self._chance.expovariate(1 / team.late_s) if team.late_s else 0.0
        comes_at = min(day.at(begins) + late_s, day.at(ends))
        world.plan(comes_at, self._come)
        for pause in team.breaks:
            turn_s = self.place * pause.turn_minutes * _MINUTE_S
            world.plan(day.at(minute_of(pause.at)) + turn_s, self._pause, pause)
        self._plan_drop_outs(day.at(begins), day.at(ends))
        world.plan(day.at(ends), self._go)

    def _plan_drop_outs(self, begins_at: float, ends_at: float) -> None:
        team, at = self.team, begins_at
        if not team.drop_outs:
            return
        while True:
            at += self._chance.expovariate(team.drop_outs / (ends_at - begins_at))
            if at >= ends_at:
                return
            self._world.plan(at, self._phone, False)
            self._world.plan(at + team.drop_out_minutes * _MINUTE_S, self._phone, True)

    def _come(self) -> None:
        self.here = True
        self._world.see(saw.AgentBecameReady(at=self._world.now, agent=self.agent))

    def _pause(self, pause: Break) -> None:
        if not self.here:
            return
        self._break_s = pause.minutes * _MINUTE_S
        self._world.see(
            saw.AgentPaused(at=self._world.now, agent=self.agent, reason=_BREAK)
        )

    def _return(self) -> None:
        self._back = None
        if self.here:
            self._world.see(saw.AgentBecameReady(at=self._world.now, agent=self.agent))

    def _go(self) -> None:
        self.here = False
        self._world.see(saw.AgentLoggedOut(at=self._world.now, agent=self.agent))

    def _phone(self, reachable: bool) -> None:
        self.phone_gone = not reachable
        self._world.see(
            saw.EndpointChanged(
                at=self._world.now,
                endpoint=self.profile.endpoint,
                reachable=reachable,
            )
        )
        if not reachable:
            self._world.switch.lose(self)

    # --- the phone ---------------------------------------------------------------

    def answers_in(self, *, auto: bool) -> float | None:
        """Draw how long the phone rings; None when nobody picks it up."""
        if auto and self.team.phone == "auto_answer":
            return 0.0
        if self._chance.random() < self.team.misses:
            return None
        return self._chance.gammavariate(2, self.team.pick_up_s / 2)

    # --- the desktop -------------------------------------------------------------

    def told(self, state: AgentState, reason: str, call: CallId | None) -> None:
        """Hear of the agent's own state; act on what it asks for."""
        now = self._world.now
        if state is self.state:
            return
        self._world.log.agent_was(self, self.state, self.since, now)
        before, self.state, self.since = self.state, state, now
        if before is AgentState.WRAP_UP and self._wrapped is not None:
            self._world.kernel.cancel(self._saving)
            self._world.paperwork_done(self._wrapped)
            self._wrapped = None
        if state is AgentState.WRAP_UP and call is not None:
            self._wrapped = call
            self._saving = self._world.kernel.after(
                self._world.wrap_up_of(call), self._save, call
            )
        elif state is AgentState.TALKING and call is not None:
            self._world.talk_begins(call)
        elif state is AgentState.PAUSED:
            away_s = self._break_s if reason == _BREAK else self.team.back_after_s
            self._world.kernel.cancel(self._back)
            self._back = self._world.kernel.after(away_s, self._return)

    def _save(self, call: CallId) -> None:
        self._world.see(
            saw.DispositionSaved(
                at=self._world.now,
                agent=self.agent,
                call=call,
                disposition=saw.Disposition.CONFIRMED,
            )
        )


class Desks:
    """Everybody's desks."""

    def __init__(self, world: "CentreWorld") -> None:
        self.by_agent: dict[AgentId, Desk] = {}
        self.by_endpoint: dict[str, Desk] = {}
        for profile in world.pool.roster.agents:
            team_name, _, number = profile.login.rpartition("-")
            desk = Desk(world, profile, team_name, int(number) - 1)
            self.by_agent[desk.agent] = desk
            self.by_endpoint[profile.endpoint] = desk

    def plan_day(self) -> None:
        """Schedule everybody's day."""
        for desk in self.by_agent.values():
            desk.plan_day()
