"""
Whatever happens, in whatever order: no agent in two calls, no caller lost.

Hypothesis chooses who calls, answers, rejects, hangs up, presses what, and how long it
all takes. `CALLENGINE_FACTS=1000000` plays the long form.
"""

import os
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from callengine.core import dispatch
from callengine.core.facts import Fact
from tests.support.floor_kit import ACTIONS, Floor

WEIGHTS = (4, 6, 12, 1, 1, 1, 6, 9, 4, 5, 9, 9, 2, 4, 8, 1)
"""How often each of `ACTIONS` happens on a long day."""


class AnyDay(RuleBasedStateMachine):
    """A floor on which hypothesis decides."""

    floor: Floor | None = None

    @initialize(
        greeting=st.sampled_from(["", "sound:hello"]),
        music=st.sampled_from(["", "default"]),
        message=st.sampled_from(["", "sound:nobody"]),
        regime=st.sampled_from(["shared", "shared", "aside"]),
        wrap_up_s=st.sampled_from([0.0, 10.0]),
        keep_free=st.integers(0, 1),
        budget=st.sampled_from([0, 1000]),
    )
    def open_doors(self, **choices: object) -> None:
        """The day begins."""
        self.floor = Floor(**choices)  # type: ignore[arg-type]

    @rule(action=st.sampled_from(ACTIONS), index=st.integers(0, 47))
    def something_happens(
        self, action: Callable[[Floor, int], None], index: int
    ) -> None:
        """Anything."""
        assert self.floor is not None
        action(self.floor, index)
        self.floor.obey()

    @invariant()
    def the_laws_hold(self) -> None:
        """Always."""
        if self.floor is not None:
            self.floor.check()

    def teardown(self) -> None:
        """The day ends."""
        if self.floor is None:
            return
        self.floor.go_home()
        if self.floor.play.now < 70_000 and not self.floor.restarts:
            # No midnight has passed, and nobody forgot: one ledger.
            (campaign,) = self.floor.pool.campaigns.values()
            totals = campaign.pacer.ledger.totals(self.floor.play.now)
            settled = totals.served + totals.nuisances + totals.machines
            assert settled == self.floor.budget + self.floor.answered


AnyDay.TestCase.settings = settings(
    stateful_step_count=60, suppress_health_check=[HealthCheck.too_slow]
)
TestWhateverHappens = AnyDay.TestCase


@pytest.mark.timeout(0)
def test_a_long_random_day_breaks_no_law(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = int(os.environ.get("CALLENGINE_FACTS", "6000"))
    seen = 0
    apply = dispatch.apply

    def counted(pool: dispatch.Pool, fact: Fact) -> list[dispatch.Effect]:
        nonlocal seen
        seen += 1
        return apply(pool, fact)

    monkeypatch.setattr(dispatch, "apply", counted)
    chance = Random(facts)
    for regime in ("shared", "aside"):
        floor = Floor(regime=regime, music="default", message="sound:nobody")
        until = seen + facts // 2
        while seen < until:
            (action,) = chance.choices(ACTIONS, WEIGHTS)
            action(floor, chance.randrange(48))
            floor.obey()
            floor.check()
        floor.go_home()
        assert len(floor.begun) > facts // 1000, "hardly anybody was dialled"
        assert floor.arrived > facts // 1000, "hardly anybody called"
