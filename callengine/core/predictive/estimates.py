"""What one campaign knows of its customers and agents, learned as it dials."""

from dataclasses import dataclass, field

from callengine.core.predictive.answers import (
    CURVE_S,
    AnswerContext,
    AnswerEstimate,
    AnswerPrior,
)
from callengine.core.predictive.hazards import AnswerTable, ReadyTable
from callengine.core.predictive.spans import SpanEstimate, SpanPrior

_SHARES = (1 / 6, 1 / 3, 1 / 2, 2 / 3, 0.9)
HORIZONS = len(_SHARES)
"""Instants ahead that the pacer looks at, as parts of the ring time."""

_REFRESH_SHARE = 0.05
_REFRESH_LEAST = 20.0
_REFRESH_MOST = 15_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """
    Beliefs a new campaign starts with.

    Attributes:
        answer: of customers.
        talk: of conversations.
        wrap_up: of what follows them.
        span_memory: talks after which an old one weighs 1/e.
    """

    answer: AnswerPrior = field(default_factory=AnswerPrior)
    talk: SpanPrior = field(default_factory=lambda: SpanPrior(mean_s=120))
    wrap_up: SpanPrior = field(default_factory=lambda: SpanPrior(mean_s=20))
    span_memory: float = 1500.0


class Estimates:
    """
    Distributions of a campaign and the tables made of them.

    Args:
        priors: beliefs before data.
        ring_s: age at which an attempt is given up; horizons are parts of it. Taken
            as a second to `CURVE_S`.
        hold_s: how long an answered customer may wait for an agent.
    """

    __slots__ = (
        "_learned",
        "_stale_at",
        "_tables",
        "answer",
        "answer_horizons_s",
        "ready_horizons_s",
        "talk",
        "wrap_up",
    )

    def __init__(
        self,
        priors: Priors | None = None,
        *,
        ring_s: float = 30.0,
        hold_s: float = 2.0,
    ) -> None:
        priors = priors or Priors()
        self.answer = AnswerEstimate(priors.answer)
        self.talk = SpanEstimate(priors.talk, memory=priors.span_memory)
        self.wrap_up = SpanEstimate(priors.wrap_up, memory=priors.span_memory)
        ring_s = min(max(1.0, ring_s), float(CURVE_S))
        hold_s = min(max(0.0, hold_s), float(CURVE_S))
        self.answer_horizons_s = tuple(
            max(place, round(share * ring_s)) for place, share in enumerate(_SHARES, 1)
        )
        held = round(hold_s)
        self.ready_horizons_s = tuple(h + held for h in self.answer_horizons_s)
        self._learned = 0.0
        self._stale_at = 0.0
        self._tables: tuple[AnswerTable, ReadyTable] | None = None

    def attempt_ended(
        self, context: AnswerContext, age_s: float, *, answered: bool
    ) -> None:
        """Learn of an attempt's fate."""
        self.answer.observe(context, age_s, answered)
        self._learned += 0.5

    def attempt_hung_up(self, context: AnswerContext, age_s: float) -> None:
        """Learn of an attempt that we took back while it rang."""
        self.answer.observe_hang_up(context, age_s)
        self._learned += 0.5

    def talk_ended(self, length_s: float) -> None:
        """Learn of a conversation's length."""
        self.talk.observe(length_s)
        self._learned += 1

    def wrap_up_ended(self, length_s: float) -> None:
        """Learn of a wrap-up's length, 0 where there was none."""
        self.wrap_up.observe(length_s)
        self._learned += 1

    def tables(self) -> tuple[AnswerTable, ReadyTable]:
        """Return tables of what is known, remade when enough was learned since."""
        if self._tables is None or self._learned > self._stale_at:
            by, still = self.answer.curves()
            self._tables = (
                AnswerTable(by, still, self.answer_horizons_s),
                ReadyTable(
                    self.talk.survival(), self.wrap_up.survival(), self.ready_horizons_s
                ),
            )
            known = min(self._learned, _REFRESH_MOST)
            news = max(_REFRESH_LEAST, _REFRESH_SHARE * known)
            self._stale_at = self._learned + news
        return self._tables
