"""An agent's live side: what they do now, and whether a call may be offered."""

from dataclasses import dataclass
from typing import TypeAlias

from callengine.core.cards import Card
from callengine.core.ids import AgentId, CallId, ChannelId, Instant
from callengine.core.machines import (
    AGENT,
    AGENT_LATE,
    AgentCue,
    AgentState,
    ReservationState,
    step,
)
from callengine.core.roster import AgentProfile

SkillClass: TypeAlias = tuple[tuple[str, int], ...]
"""Sorted skills with levels: agents of one class are alike to the matcher."""

AUTO_ANSWER_SKILL = "phone.auto"
"""Held by agents whose softphone answers by itself; every order call needs it."""


def skill_class(profile: AgentProfile) -> SkillClass:
    """Fold skills, shops and the kind of phone into one comparable value."""
    skills = dict(profile.skills)
    for shop in profile.shops:
        skills.setdefault(f"shop.{shop}", 10)
    if profile.phone_mode == "auto_answer":
        skills[AUTO_ANSWER_SKILL] = 10
    return tuple(sorted(skills.items()))


@dataclass(slots=True, kw_only=True)
class OpenCard:
    """The screen-pop an agent has before them."""

    call: CallId
    card: Card
    state: str
    since: Instant
    notice: str = ""
    """What the agent must know beside the card: `customer_lost`."""


@dataclass(slots=True, kw_only=True)
class Agent:
    """
    One agent in the pool.

    Attributes:
        free_since: start of the idle time that longest-idle compares; a withdrawn
            offer does not reset it.
        reason: of a pause; of a ready agent, why their phone is taken to be away.
        wish: what was asked for during a call: paused, offline or nothing.
        reachable: None until Asterisk has said; only False is a veto.
        in_use: Asterisk sees a channel on the phone that is not ours.
        channel: our leg to the phone while it lives.
    """

    profile: AgentProfile
    skills: SkillClass
    state: AgentState = AgentState.OFFLINE
    reason: str = ""
    since: Instant = 0.0
    free_since: Instant = 0.0
    wish: AgentState | None = None
    wish_reason: str = ""
    reachable: bool | None = None
    in_use: bool = False
    call: CallId | None = None
    channel: ChannelId | None = None
    reservation: ReservationState | None = None
    until: Instant | None = None
    card: OpenCard | None = None
    dispositioned: bool = False

    @property
    def agent(self) -> AgentId:
        """The agent's id."""
        return self.profile.agent

    @property
    def offerable(self) -> bool:
        """Say whether a call may be offered now."""
        return (
            self.state is AgentState.READY
            and self.channel is None
            and self.reachable is not False
            and not self.in_use
        )

    def move(self, cue: AgentCue, now: Instant, reason: str = "") -> bool:
        """Apply a cue; True if the state changed. Raises `IllegalTransition`."""
        after = step(self.state, cue, AGENT, AGENT_LATE)
        if after is self.state:
            return False
        self.state, self.since, self.reason = after, now, reason
        return True
