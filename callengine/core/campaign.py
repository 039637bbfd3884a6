"""
What the pool knows of one shop's order calls: estimates, ledger, price.

A shop is a campaign: the law counts its nuisance calls together, and its customers
answer, and its agents talk, as they do for this shop.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callengine.core.compliance.budget import DayBudget
from callengine.core.compliance.regime import Regime
from callengine.core.facts import Lead
from callengine.core.ids import Instant
from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.estimates import Estimates, Priors
from callengine.core.predictive.ledger import NuisanceLedger
from callengine.core.predictive.pacer import Pacer, PredictiveRules
from callengine.core.roster import Shop


class Campaign:
    """
    One shop's pacing.

    Args:
        regime: what its order calls have to keep.
        ring_s: how long a customer's phone rings.
        now: when it began, as far as successive windows go.

    Attributes:
        pacer: decides; its estimates and ledger are told here.
        budget: attempts and money of the shop's day.
        set_aside: every attempt has an agent of its own, since none may fail.
    """

    def __init__(
        self,
        shop: Shop,
        regime: Regime,
        rules: PredictiveRules,
        *,
        ring_s: float,
        now: Instant,
        priors: Priors | None = None,
    ) -> None:
        self.regime = regime
        self._zone = ZoneInfo(shop.zone)
        self._trunk = next(iter(shop.trunks), "")
        self._began_at = now
        self.budget = DayBudget(self._zone)
        self.pacer = Pacer(
            Estimates(priors, ring_s=ring_s, hold_s=regime.nuisance.threshold_s),
            NuisanceLedger(regime.nuisance, zone=shop.zone, started_at=now),
            _within(rules, regime),
        )

    @property
    def set_aside(self) -> bool:
        """Say whether every attempt must have an agent of its own."""
        return self.regime.nuisance.limit <= 0

    def adopt(self, regime: Regime, now: Instant) -> None:
        """Follow another regime from now on; what was counted stays counted."""
        if regime == self.regime:
            return
        before = self.pacer.ledger.totals(now)
        ledger = NuisanceLedger(
            regime.nuisance, zone=str(self._zone), started_at=self._began_at
        )
        ledger.restore(now, before)
        self.regime, self.pacer.ledger = regime, ledger
        self.pacer.rules = _within(self.pacer.rules, regime)

    def recall(self, began_at: Instant) -> None:
        """Count from its real beginning, before anything else is counted."""
        self._began_at = began_at
        self.pacer.ledger = NuisanceLedger(
            self.regime.nuisance, zone=str(self._zone), started_at=began_at
        )

    def context(self, tries: int, at: Instant, trunk: str = "") -> AnswerContext:
        """
        Say what an answer to the `tries`th attempt, started at `at`, depends on.

        Args:
            trunk: what it goes by; '' for the shop's first.
        """
        hour = datetime.fromtimestamp(at, self._zone).hour
        return AnswerContext(hour=hour, tries=tries, trunk=trunk or self._trunk)

    def chance(self, lead: Lead, now: Instant) -> float:
        """Estimate the chance that a lead is answered if it is dialled now."""
        return self.pacer.estimates.answer.chance(self.context(lead.tries + 1, now))

    def attempt_ended(
        self,
        tries: int,
        started_at: Instant,
        ended_at: Instant,
        *,
        answered: bool,
        trunk: str = "",
    ) -> None:
        """
        Learn that an attempt was answered, or ended without.

        Args:
            tries: 1 for the first attempt for its order.
            ended_at: when it was answered, or ended.
        """
        self.pacer.estimates.attempt_ended(
            self.context(tries, started_at, trunk),
            max(0.0, ended_at - started_at),
            answered=answered,
        )

    def attempt_hung_up(self, tries: int, started_at: Instant, now: Instant) -> None:
        """Learn that we took an attempt back while it rang."""
        self.pacer.estimates.attempt_hung_up(
            self.context(tries, started_at), max(0.0, now - started_at)
        )

    def talk_ended(self, length_s: float) -> None:
        """Learn how long an agent and a customer talked."""
        self.pacer.estimates.talk_ended(max(0.0, length_s))

    def wrap_up_ended(self, length_s: float) -> None:
        """Learn how long wrap-up took, 0 where there was none."""
        self.pacer.estimates.wrap_up_ended(max(0.0, length_s))

    def settle(self, answered_at: Instant, joined_at: Instant | None) -> None:
        """
        Count a live answer once its fate is known.

        Args:
            joined_at: when an agent was with them; None if nobody ever was.
        """
        threshold_s = self.regime.nuisance.threshold_s
        late = joined_at is None or joined_at - answered_at > threshold_s
        settled_at = answered_at if joined_at is None else joined_at
        self.pacer.answered(settled_at, nuisance=late)

    def machine_found(self, now: Instant) -> None:
        """Take a served answer back: it was a machine."""
        self.pacer.ledger.was_machine(now)

    def detail(self, now: Instant) -> dict[str, Any]:
        """Return what the law counts, and what is left of it, as plain values."""
        ledger = self.pacer.ledger
        totals = ledger.totals(now)
        return {
            "regime": self.regime.name,
            "limit": self.regime.nuisance.limit,
            "nuisance_rate": round(ledger.rate(now), 5),
            "room": round(ledger.room(now), 2),
            "price": round(self.pacer.price.risk, 5),
            "served": totals.served,
            "nuisances": totals.nuisances,
            "machines": totals.machines,
            "attempts_today": self.budget.attempts,
            "cost_minor_today": self.budget.cost_minor,
        }


def _within(rules: PredictiveRules, regime: Regime) -> PredictiveRules:
    """Let every phone ring as long as the regime wants."""
    if rules.hang_up_after_s is None:
        return rules
    least_s = max(rules.hang_up_after_s, regime.least_ring_s)
    return replace(rules, hang_up_after_s=least_s)
