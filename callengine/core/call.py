"""A call: the customer's conversation, over all its legs."""

from dataclasses import dataclass, field

from callengine.core.cards import Card
from callengine.core.facts import Lead
from callengine.core.ids import (
    AgentId,
    BridgeId,
    CallId,
    ChannelId,
    Instant,
    PlaybackId,
)
from callengine.core.machines import (
    ATTEMPT,
    ATTEMPT_LATE,
    CALL,
    CALL_LATE,
    AttemptCue,
    AttemptState,
    CallCue,
    CallState,
    step,
)
from callengine.core.records import LegRecord, Outcome
from callengine.core.roster import Shop
from callengine.core.ruling import Ruling
from callengine.core.skills import Requirement


@dataclass(slots=True, kw_only=True)
class Leg:
    """The role a channel plays in a call."""

    channel: ChannelId
    role: str
    agent: AgentId | None = None
    trunk: str = ""
    """What a customer's leg goes by; '' when it is not known."""
    started_at: Instant
    ringing_at: Instant | None = None
    answered_at: Instant | None = None
    joining: bool = False
    """We asked Asterisk to put it into the bridge."""
    joined_at: Instant | None = None
    given_up: bool = False
    """We hung up on a customer's phone that rang: nobody would be free."""
    pick_up_by: Instant | None = None
    """A phone that answers by itself has done so by then."""
    packets: int | None = None
    """Received from an agent's phone when it was first suspected to be gone."""
    suspect_at: Instant | None = None
    """When they are counted again."""
    failure: str = ""
    """Why we ended an agent's leg ourselves, as in `offer_failures.OfferFailure`."""
    ended_at: Instant | None = None
    cause: int = 0
    sip_code: int | None = None

    @property
    def alive(self) -> bool:
        """Say whether the channel may still exist."""
        return self.ended_at is None

    def record(self) -> LegRecord:
        """Freeze the leg for keeping."""
        return LegRecord(
            channel=self.channel,
            role=self.role,
            agent=self.agent,
            started_at=self.started_at,
            ringing_at=self.ringing_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            cause=self.cause,
            sip_code=self.sip_code,
        )


@dataclass(slots=True, kw_only=True)
class Call:
    """
    One call in the pool.

    Attributes:
        enqueued_at: arrival, or the customer's answer; never changed by a requeue.
        required: what the call needed at first; `requirement` is what it needs now.
        off_skill: why `requirement` was relaxed.
        excluded: agents who did not take it.
        lead: the order being dialled, None for inbound.
    """

    call: CallId
    shop: Shop
    direction: str
    number: str | None
    dialled_number: str
    choice: str = ""
    state: CallState
    card: Card
    enqueued_at: Instant
    customer: Leg
    agent_leg: Leg | None = None
    past_legs: list[Leg] = field(default_factory=list)
    legs_made: int = 0
    required: Requirement = field(default_factory=Requirement)
    requirement: Requirement = field(default_factory=Requirement)
    off_skill: str = ""
    step_at: Instant = 0.0
    ruling: Ruling | None = None
    """What the rules say it needs; None: what `requirement` says."""
    clock_s: float = 0.0
    clock_since: Instant | None = None
    """Since when the ladder's clock runs on, beyond `clock_s`; None while it stands."""
    excluded: tuple[AgentId, ...] = ()
    agent: AgentId | None = None
    bridge: BridgeId | None = None
    playback: PlaybackId | None = None
    music: bool = False
    lead: Lead | None = None
    attempt: AttemptState | None = None
    outcome: Outcome | None = None
    answered_at: Instant | None = None
    bridged_at: Instant | None = None
    chance: float = 0.0
    """Of an answer, as estimated when it was dialled."""
    machine_at: Instant | None = None
    packets: int | None = None
    """Received by the customer's channel when a machine was first suspected."""
    requeued_at: Instant | None = None
    """When a customer who was with an agent lost them, until they have another."""
    ending: str = ""
    events: list[tuple[Instant, str, str]] = field(default_factory=list)

    def move(self, cue: CallCue) -> bool:
        """Apply a cue; True if the state changed. Raises `IllegalTransition`."""
        after = step(self.state, cue, CALL, CALL_LATE)
        changed = after is not self.state
        self.state = after
        return changed

    def move_attempt(self, cue: AttemptCue) -> None:
        """Apply a cue to the attempt of an order call."""
        if self.attempt is not None:
            self.attempt = step(self.attempt, cue, ATTEMPT, ATTEMPT_LATE)

    def note(self, at: Instant, name: str, detail: str = "") -> None:
        """Add a line to the call's history."""
        self.events.append((at, name, detail))

    @property
    def waits_since(self) -> Instant:
        """When the wait began in which the caller is; a talk before does not count."""
        return self.enqueued_at if self.requeued_at is None else self.requeued_at

    @property
    def needed(self) -> str:
        """Say what the call needed at first."""
        return str(self.required) if self.ruling is None else self.ruling.needed

    @property
    def legs(self) -> list[Leg]:
        """Every leg the call ever had, in order."""
        now = [self.agent_leg] if self.agent_leg is not None else []
        return [*self.tries, self.customer, *self._past_agents, *now]

    @property
    def _past_agents(self) -> list[Leg]:
        return [leg for leg in self.past_legs if leg.role != "customer"]

    @property
    def tries(self) -> list[Leg]:
        """The customer's legs that trunks have failed, in order."""
        return [leg for leg in self.past_legs if leg.role == "customer"]

    @property
    def began_at(self) -> Instant:
        """When the customer was first dialled, or called."""
        return next(iter((*self.tries, self.customer))).started_at

    @property
    def over(self) -> bool:
        """Say whether no channel of the call is left."""
        return not any(leg.alive for leg in self.legs)
