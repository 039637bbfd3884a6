"""
The pool's owner: one task that applies facts, writes the journal, starts effects.

Order is the point: facts in batches, then what changed goes to the journal in one
write, and only then are the effects performed.
"""

from collections.abc import Callable, Sequence

from callengine.core import effects as do
from callengine.core.ids import AgentId, CallId
from callengine.core.pool import Pool
from callengine.engine.floor import Floor
from callengine.engine.guard import Guard
from callengine.engine.inbox import Inbox
from callengine.engine.journalling import JournalWriter
from callengine.engine.mishaps import Mishaps
from callengine.engine.performer import Performer
from callengine.engine.recorder import Recorder
from callengine.engine.timers import Timers

Screen = Callable[[do.ShowCard | do.RetractCard | do.TellAgent], None]


class Owner:
    """
    Owns a pool. Nothing else may change it.

    Args:
        identify: starts a look-up.
        screen: shows something to an agent.
        mishaps: takes what fails.
        on_mishap: asked to compare with what lives soon.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        inbox: Inbox,
        journal: JournalWriter,
        performer: Performer,
        timers: Timers,
        recorder: Recorder,
        floor: Floor,
        identify: Callable[[do.Identify], None],
        screen: Screen,
        mishaps: Mishaps,
        on_mishap: Callable[[], None],
    ) -> None:
        self.pool = pool
        self.inbox = inbox
        self.journal = journal
        self._performer = performer
        self._timers = timers
        self._recorder = recorder
        self._floor = floor
        self._identify = identify
        self._screen = screen
        self._mishaps = mishaps
        self.guard = Guard(pool, mishaps, on_mishap)

    async def run(self) -> None:
        """Apply facts for ever."""
        while True:
            effects: list[do.Effect] = []
            for fact in await self.inbox.take():
                effects += self.guard.apply(fact)
            await self.carry_out(effects)

    async def carry_out(self, effects: Sequence[do.Effect]) -> None:
        """Write the journal, then start the effects; one that fails stops no other."""
        await self.write_journal()
        for effect in effects:
            try:
                self._start(effect)
            except Exception as error:
                call = getattr(effect, "call", None)
                self._mishaps.put(
                    "effect", type(effect).__name__, error, effect, call=call
                )

    def forget(self, calls: Sequence[CallId]) -> None:
        """Let the journal drop calls whose records are committed."""
        for call in calls:
            if call not in self.pool.calls:
                self.journal.put("call", call, None)

    async def write_journal(self) -> None:
        """Write what changed, waiting no longer than the budget. Raises `Fenced`."""
        calls, agents = self.pool.take_dirty()
        for call_id in calls:
            call = self.pool.calls.get(call_id)
            # A call that is over stays until its record is committed: `forget`.
            if call is not None:
                self.journal.put("call", call_id, call)
        for agent_id in agents:
            agent = self.pool.agents.get(AgentId(agent_id))
            self.journal.put("agent", agent_id, agent)
        await self.journal.write()

    def _start(self, effect: do.Effect) -> None:
        match effect:
            case do.SetTimer():
                self._timers.set(effect.key, effect.at)
            case do.CancelTimer():
                self._timers.cancel(effect.key)
            case do.ShowCard() | do.RetractCard() | do.TellAgent():
                self._screen(effect)
            case do.Identify():
                self._identify(effect)
            case do.RecordCall():
                self._recorder.call(effect.record)
                self._floor.call_ended(effect.record)
            case do.RecordAttempt():
                self._recorder.attempt(effect.record)
                self._floor.attempt_ended(effect.record)
            case do.RecordDecision():
                self._recorder.decision(effect.record)
            case do.PutLeadOff():
                self._recorder.put_off(effect, self.pool.now)
            case do.BeginAttempt():
                self._performer.perform(effect)
                if effect.lead.tries == 0:
                    wait_s = effect.at - effect.lead.due_at
                    self._floor.took("order_to_first_dial", wait_s)
            case _:
                self._performer.perform(effect)
