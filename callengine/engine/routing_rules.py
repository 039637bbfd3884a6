"""The routing rules in force: read once per version, asked for every caller."""

import asyncio
from dataclasses import replace

import structlog

from callengine.core.ids import Instant
from callengine.core.rulebook.book import CallFacts
from callengine.core.rulebook.deciding import Decider
from callengine.core.rulebook.errors import BadRules
from callengine.core.rulebook.policy import RoutingPolicy
from callengine.core.rulebook.reading import read_rulebook
from callengine.core.rules import Rules
from callengine.core.ruling import Ruling, ruling_of
from callengine.engine.ports import RoutingText

log = structlog.get_logger(__name__)

SMALL = 4_000
"""Characters of a text that is read in a few milliseconds."""


def with_policy(rules: Rules, routing: "RoutingRules | None") -> Rules:
    """Return a pool's rules as the policy in force, or its absence, makes them."""
    if routing is None:
        return rules
    policy = routing.policy
    relax_after_s = policy.relax_after_s
    return replace(
        rules,
        routing=policy.policy,
        spare=policy.spare,
        relax_after_s=rules.relax_after_s if relax_after_s is None else relax_after_s,
    )


class RoutingRules:
    """
    A rule text, ready to be asked.

    Args:
        text: as it was applied.

    Raises:
        BadRules: it cannot be read.
    """

    def __init__(self, text: RoutingText) -> None:
        book = read_rulebook(text.text, name="the rules in the database")
        self.version = text.version
        self.policy: RoutingPolicy = book.policy
        self._decider = Decider(book)

    def rule(self, facts: CallFacts, now: Instant) -> Ruling | None:
        """Say what a call needs; None when no rule holds. Touches nothing outside."""
        verdict = self._decider.decide(facts, now)
        return ruling_of(verdict, self.version) if verdict.rules else None


async def read_rules(text: RoutingText) -> RoutingRules | None:
    """
    Read rules, large ones beside the loop: they take a while.

    None when they cannot be read, which another version of the program may cause;
    the log says what is wrong.
    """
    try:
        if len(text.text) <= SMALL:
            return RoutingRules(text)
        return await asyncio.to_thread(RoutingRules, text)
    except BadRules as error:
        log.error("routing rules unreadable", version=text.version, error=str(error))
        return None
