"""The production pacer as a policy of the dialler's world."""

from callengine.core.compliance.regime import NuisanceLimit, WindowKind
from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.estimates import Estimates, Priors
from callengine.core.predictive.ledger import NuisanceLedger
from callengine.core.predictive.pacer import Pacer, PredictiveRules
from sim.worlds.dialer import DialerWorld, Line

MONTH = NuisanceLimit(window=WindowKind.SUCCESSIVE, length_s=30 * 86_400.0)


class Predictive:
    """
    Feeds `Pacer` with what the engine would feed it, and does what it says.

    Args:
        limit: the law's.
        hang_up_after_s: None to leave every phone ringing to the end, as all
            baselines do.
        least_gap_s: events closer together than this wait for the next look.
    """

    on_events = True
    keeps_leavers = True

    def __init__(
        self,
        *,
        limit: NuisanceLimit = MONTH,
        hang_up_after_s: float | None = None,
        least_gap_s: float = 0.25,
        expected_answers: float = 10_000,
        priors: Priors | None = None,
        zone: str = "UTC",
        started_at: float = 0.0,
    ) -> None:
        self.tick_s = 1.0
        self._least_gap_s = least_gap_s
        self._looked_at = -1.0
        self.pacer = Pacer(
            Estimates(priors),
            NuisanceLedger(
                limit,
                zone=zone,
                started_at=started_at,
                expected_answers=expected_answers,
            ),
            PredictiveRules(hang_up_after_s=hang_up_after_s),
        )

    def chance(self, context: AnswerContext) -> float:
        """Estimate as production does."""
        return self.pacer.estimates.answer.chance(context)

    def look(self, world: DialerWorld) -> None:
        """Take the production decision."""
        now = world.now
        free = len(world.idle)
        if now - self._looked_at < self._least_gap_s and free <= len(world.lines):
            world.look_in(self._least_gap_s)
            return
        self._looked_at = now
        tick = self.pacer.decide(world.snapshot(), now)
        if tick.hang_up:
            lines = list(world.lines)
            for place in tick.hang_up:
                line = lines[place]
                age_s = now - line.view.started_at
                self.pacer.estimates.attempt_hung_up(line.context, age_s)
                world.hang_up(line)
        if tick.start:
            world.start(tick.start)
        world.look_in(tick.look_again_s)

    def line_ended(self, world: DialerWorld, line: Line) -> None:
        """Pass on."""
        self.pacer.estimates.attempt_ended(
            line.context, line.fate.after_s, answered=line.fate.answered
        )

    def talk_ended(self, length_s: float) -> None:
        """Pass on."""
        self.pacer.estimates.talk_ended(length_s)

    def wrap_up_ended(self, length_s: float) -> None:
        """Pass on."""
        self.pacer.estimates.wrap_up_ended(length_s)

    def answer_settled(self, world: DialerWorld, *, nuisance: bool) -> None:
        """Pass on."""
        self.pacer.answered(world.now, nuisance=nuisance)
