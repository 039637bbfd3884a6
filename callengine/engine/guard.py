"""
Applying facts so that none ends the engine.

A fact that fails in the middle is set mishaps and the calls concerned are resolved
(`core.mishaps`); what fails with every fact is given up piece by piece: first a new
matcher, then everybody who waits goes to the fallback queue; leads go back.
"""

from collections.abc import Callable

import structlog

from callengine.core import dispatch, mishaps, routing
from callengine.core.effects import Effect
from callengine.core.errors import IllegalTransition
from callengine.core.facts import AsteriskListed, Fact
from callengine.core.ids import CallId
from callengine.core.pool import Pool
from callengine.core.reconcile import reconcile
from callengine.engine.mishaps import Mishaps

log = structlog.get_logger(__name__)

REBUILD_AFTER = 3
GIVE_AWAY_AFTER = 6


class Guard:
    """
    Applies facts to a pool.

    Args:
        on_mishap: asked to compare with what lives soon.

    Attributes:
        illegal: facts that no state expected.
    """

    def __init__(
        self, pool: Pool, mishaps: Mishaps, on_mishap: Callable[[], None]
    ) -> None:
        self.pool = pool
        self._mishaps = mishaps
        self._on_mishap = on_mishap
        self._match_failures = 0
        self._pace_failures = 0
        self.illegal = 0

    def apply(self, fact: Fact) -> list[Effect]:
        """Apply one fact; never raises."""
        if isinstance(fact, AsteriskListed):
            return self._reconcile(fact)
        effects = self._step(fact, lambda: dispatch.observe(self.pool, fact))[0]
        return effects + self._give_work(fact)

    def _step(
        self, fact: Fact, step: Callable[[], None]
    ) -> tuple[list[Effect], Exception | None]:
        """Do one step; what follows from it, and what it failed with."""
        try:
            step()
        except IllegalTransition as error:
            self.illegal += 1
            log.error("illegal transition", fact=type(fact).__name__, error=str(error))
            self._keep_armed(fact)
            return self.pool.take_effects(), None
        except Exception as error:
            self._note(fact, error)
            return self._resolved(fact), error
        return self.pool.take_effects(), None

    def _give_work(self, fact: Fact) -> list[Effect]:
        pool = self.pool
        effects, failed = self._step(fact, lambda: dispatch.match(pool))
        self._match_failures = self._match_failures + 1 if failed else 0
        if failed and self._match_failures % REBUILD_AFTER == 0:
            effects += mishaps.rebuild_matching(pool)
        if self._match_failures >= GIVE_AWAY_AFTER:
            effects += mishaps.give_all_away(pool)
        paced, failed = self._step(fact, lambda: dispatch.pace(pool))
        self._pace_failures = self._pace_failures + 1 if failed else 0
        if failed and self._pace_failures % REBUILD_AFTER == 0:
            effects += mishaps.put_all_off(pool)
        return effects + paced

    def _reconcile(self, fact: AsteriskListed) -> list[Effect]:
        """Compare with what lives; each fact found is guarded by itself."""
        effects: list[Effect] = []

        def observe(pool: Pool, found: Fact) -> None:
            effects.extend(pool.take_effects())
            effects.extend(self._step(found, lambda: dispatch.observe(pool, found))[0])

        try:
            last = reconcile(self.pool, fact.living, fact.at, observe)
        except Exception as error:
            self._note(fact, error)
            last = self.pool.take_effects() + mishaps.forget_the_over(self.pool)
        return effects + last + self._give_work(fact)

    def _note(self, fact: Fact, error: Exception) -> None:
        ids = {
            name: value
            for name in ("call", "channel", "agent", "key")
            if (value := getattr(fact, name, None)) is not None
        }
        self._mishaps.put("fact", type(fact).__name__, error, fact, **ids)
        self._on_mishap()

    def _resolved(self, fact: Fact) -> list[Effect]:
        try:
            return mishaps.resolve(self.pool, fact)
        except Exception:
            log.exception("not resolved", fact=type(fact).__name__)
            return self.pool.take_effects()

    def _keep_armed(self, fact: Fact) -> None:
        """Whatever an illegal fact left half done, its call has its next deadline."""
        call = self.pool.calls.get(getattr(fact, "call", None) or CallId(""))
        channel = getattr(fact, "channel", None)
        if call is None and channel is not None:
            found = self.pool.call_of(channel)
            call = None if found is None else found[0]
        if call is not None:
            routing.arm(self.pool, call)
