"""Timings and policies of a pool, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callengine.core.amd import AmdRules
from callengine.core.match.blending import Blend
from callengine.core.match.policy import Policy
from callengine.core.predictive.pacer import PredictiveRules
from callengine.core.recycling.plan import RecycleRules
from callengine.core.trunks.trunk import Trunk


@dataclass(frozen=True, slots=True, kw_only=True)
class PacingRules:
    """
    How orders are dialled.

    Attributes:
        keep_free: agents that order calls leave free for the next caller; at most
            one of four, so that a team of three still dials with everybody.
        blend: keeps more of them free the more callers are expected; None to keep
            only `keep_free`.
        most_lines: attempts in flight at once.
        least_gap_s: shortest time between two looks.
        predictive: policy of campaigns that may leave somebody without an agent.
    """

    keep_free: int = 1
    blend: Blend | None = None
    most_lines: int = 1000
    least_gap_s: float = 0.25
    predictive: PredictiveRules = field(default_factory=PredictiveRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    How a pool behaves. Durations in seconds.

    Attributes:
        ring_s: how long an agent's phone rings before the offer is a RONA.
        pick_up_s: within this a phone that answers by itself has done so; shorter
            than `give_up_s`, so that another agent has a chance.
        srtp: agents' phones must encrypt their sound, unless an agent's own say not.
        pause_when_busy: an agent whose phone says it is busy is paused.
        customer_ring_s: how long a customer's phone rings.
        wrap_up_s: longest wrap-up; 0 for none.
        relax_after_s: wait between two relaxations of a requirement.
        max_wait_s: wait after which a caller goes to the fallback queue.
        music_after_s: silence a caller is left in while a phone rings.
        identify_most_s: a caller whose look-up says nothing at all is routed unknown
            after this; the look-up's own budget is shorter.
        suspect_s: no packet within this from a phone whose binding is gone: it is too.
        join_s: how long both legs may take to enter the bridge.
        nuisance_after_s: an answered customer must be with an agent within this
            (FTC 16 CFR 310.4(b)(4)(ii) and Ofcom both say two seconds).
        give_up_s: an answered customer without an agent is let go after this.
        requeue_s: a called customer who lost their agent is let go after this.
        message_most_s: the message to such a customer is cut off after this.
        spare: reserve factor of agents who may help off skill at once; None: nobody.
        idle_bridges: how many unused bridges are kept for the next calls.
        recycling: when orders are tried again.
        trunks: by name, in the order of the settings.
    """

    ring_s: float = 20.0
    pick_up_s: float = 1.5
    pause_when_busy: bool = True
    srtp: bool = False
    customer_ring_s: float = 30.0
    wrap_up_s: float = 30.0
    relax_after_s: float = 15.0
    max_wait_s: float = 300.0
    music_after_s: float = 2.0
    identify_most_s: float = 3.0
    suspect_s: float = 5.0
    join_s: float = 3.0
    nuisance_after_s: float = 2.0
    give_up_s: float = 2.0
    requeue_s: float = 30.0
    message_most_s: float = 30.0
    idle_bridges: int = 256
    spare: float | None = 2.0
    routing: Policy = field(default_factory=Policy)
    amd: AmdRules = field(default_factory=AmdRules)
    pacing: PacingRules = field(default_factory=PacingRules)
    recycling: RecycleRules = field(default_factory=RecycleRules)
    trunks: Mapping[str, Trunk] = field(default_factory=dict)
