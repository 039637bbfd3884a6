"""Whether carriers let us in, and answer when they are asked; as AMI tells it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from callengine.core.ids import Instant
from callengine.core.trunks.facts import TrunkAnswers, TrunkRegistered
from callengine.engine.ports import FactSink

REGISTRATIONS = {"Action": "PJSIPShowRegistrationsOutbound"}
CONTACTS = {"Action": "PJSIPShowContacts"}
REGISTRY = "Registry"
_DETAIL = "OutboundRegistrationDetail"
_CONTACT = "ContactList"
_MOST = 64
_ANSWERS = {"reachable": True, "avail": True, "unreachable": False, "unavail": False}
"""Other words, such as Unknown before the first question, mean that nobody knows."""

Ask = Callable[[dict[str, str]], Awaitable[Any]]


@dataclass
class TrunkWatch:
    """
    Tells `TrunkRegistered` and `TrunkAnswers` when they change.

    Attributes:
        trunks: names; other endpoints are phones.
    """

    trunks: frozenset[str]
    sink: FactSink
    clock: Callable[[], Instant]
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    """By our and the carrier's address, since events name no trunk."""
    _registered: dict[str, str] = field(default_factory=dict)
    _answers: dict[str, bool] = field(default_factory=dict)

    async def list(self, ask: Ask) -> None:
        """Read everything; an Asterisk without such trunks says nothing."""
        if not self.trunks:
            return
        details = await _listed(ask, REGISTRATIONS, _DETAIL)
        self._names = {
            (said.clienturi, said.serveruri): said.objectname for said in details
        }
        for said in details:
            self._tell_registered(said.objectname, said.status)
        for said in await _listed(ask, CONTACTS, _CONTACT):
            self._tell_answers(said.objectname.partition(";")[0], said.status)

    def on_registry(self, _manager: object, said: Any) -> None:
        """Follow a log-in that has changed."""
        name = self._names.get((said.username, said.domain))
        if name is not None:
            self._tell_registered(name, said.status)

    def on_contact(self, said: Any) -> None:
        """Follow whether a carrier answers."""
        self._tell_answers(said.endpointname, said.contactstatus)

    def _tell_registered(self, name: str, status: str) -> None:
        status = str(status)[:_MOST]
        if name not in self.trunks or self._registered.get(name) == status:
            return
        self._registered[name] = status
        good = status == "Registered"
        self.sink(
            TrunkRegistered(
                at=self.clock(),
                trunk=name,
                registered=good,
                said="" if good else status,
            )
        )

    def _tell_answers(self, name: str, status: str) -> None:
        answers = _ANSWERS.get(str(status).lower())
        if name not in self.trunks or answers is None:
            return
        if self._answers.get(name) != answers:
            self._answers[name] = answers
            self.sink(TrunkAnswers(at=self.clock(), trunk=name, answers=answers))


async def _listed(ask: Ask, action: dict[str, str], event: str) -> list[Any]:
    answer = await ask(action)
    found = answer if isinstance(answer, list) else []
    return [said for said in found if said.event == event]
