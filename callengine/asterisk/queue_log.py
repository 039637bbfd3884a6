"""
Reading Asterisk's queue log: calls that the fallback queues took without the engine.

Every line is `time|call|queue|agent|event|more...`. One line of our own, written by the
dialplan before `Queue()`, says what was dialled and why the call is there.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

OURS = "CALLENGINE"
GIVEN_BACK = "SUCCESS"
"""The dialplan says so of a call that the engine had and gave back: it is booked."""
MOST_OPEN = 20_000
MOST_LINE = 1000
_ENDS = {
    "COMPLETECALLER": "answered",
    "COMPLETEAGENT": "answered",
    "BLINDTRANSFER": "answered",
    "ATTENDEDTRANSFER": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "fallback",
    "EXITEMPTY": "fallback",
    "EXITWITHKEY": "fallback",
}


@dataclass(slots=True)
class QueuedCall:
    """
    One call in a native queue; instants are Unix time, to the second.

    Attributes:
        channel: Asterisk's id of the caller's channel.
        came: why it is not with the engine, as the dialplan says it.
        presentation: whether the caller's number is to be seen.
        ending: answered, abandoned or fallback (waited too long); '' while it lasts.
        offset: where its first line begins.
    """

    channel: str
    queue: str
    entered_at: float
    offset: int
    dialled: str = ""
    came: str = ""
    presentation: str = ""
    caller: str = ""
    endpoint: str = ""
    answered_at: float | None = None
    ended_at: float = 0.0
    ending: str = ""


class QueueLog:
    """Puts lines together to calls; bounded, whatever is in the file."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, QueuedCall] = OrderedDict()

    def oldest(self, otherwise: int) -> int:
        """Tell from where the file must be read again to know the calls under way."""
        return min((call.offset for call in self._open.values()), default=otherwise)

    def forget(self) -> None:
        """Begin another file: what was under way will not end in this one."""
        for call in self._open.values():
            call.offset = 0

    def read(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[QueuedCall]:
        """Take lines with their offsets; give the calls of ours that ended."""
        for offset, raw in lines:
            call = self._take(offset, raw)
            if call is not None:
                yield call

    def _take(self, offset: int, raw: bytes) -> QueuedCall | None:
        if len(raw) > MOST_LINE:
            return None
        words = raw.decode(errors="replace").rstrip("\r\n").split("|")
        if len(words) < 5:
            return None
        time, channel, queue, agent, event, *more = words
        try:
            at = float(time)
        except ValueError:
            return None
        if event == OURS:
            self._begin(QueuedCall(channel, queue, at, offset), more)
            return None
        call = self._open.get(channel)
        if call is None or call.queue != queue:
            return None
        if event == "ENTERQUEUE" and len(more) > 1:
            call.caller = more[1]
        elif event == "CONNECT":
            call.endpoint, call.answered_at = agent, at
        elif event in _ENDS:
            call.ended_at, call.ending = at, _ENDS[event]
            return self._open.pop(channel)
        return None

    def _begin(self, call: QueuedCall, more: list[str]) -> None:
        call.dialled, call.came, call.presentation, *_ = *more, "", "", ""
        if call.came == GIVEN_BACK:
            return
        self._open[call.channel] = call
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
