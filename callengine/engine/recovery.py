"""Reading the journal back: what a dead engine knew, and what of it still lives."""

from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from callengine.core.agent import Agent
from callengine.core.call import Call
from callengine.core.effects import Effect
from callengine.core.ids import Instant
from callengine.core.pool import Pool
from callengine.core.reconcile import restore, restore_agents
from callengine.engine.ports import Entry

log = structlog.get_logger(__name__)

_CALL: TypeAdapter[Call] = TypeAdapter(Call)
_AGENT: TypeAdapter[Agent] = TypeAdapter(Agent)


def read_back(pool: Pool, entries: tuple[Entry, ...], now: Instant) -> list[Effect]:
    """
    Put journalled agents and calls into the pool; return what is to be done.

    An entry that cannot be read (another version wrote it) is left out and logged:
    its channels are then found as orphans.
    """
    calls = [c for e in entries if e.kind == "call" and (c := _read(_CALL, e))]
    agents = [a for e in entries if e.kind == "agent" and (a := _read(_AGENT, e))]
    restore_agents(pool, agents, {call.call for call in calls})
    effects = restore(pool, calls, now)
    log.info("journal read", calls=len(calls), agents=len(agents))
    return effects


def _read(adapter: TypeAdapter[Any], entry: Entry) -> Any:
    try:
        return adapter.validate_python(entry.state)
    except ValidationError as error:
        log.error(
            "journal entry unreadable", kind=entry.kind, key=entry.key, error=str(error)
        )
        return None
