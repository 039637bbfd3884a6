"""
What a phone's SIP trace says: each message as it was sent or received.

The trace is read because baresip 1.0 tells its control port neither the headers of
an INVITE (`Call-Info`, by which we ask it to answer by itself) nor when it rang.
"""

import re
from dataclasses import dataclass, field

_FLOW = re.compile(r"^(?:UDP|TCP|TLS) (\S+) -> (\S+)$")
_STARTS = "\x1b[36;1m#"
_ENDS = "\x1b[;m"
_MAX_LINES = 400


@dataclass(slots=True)
class SipMessage:
    """One SIP message of the trace; header names are in lower case."""

    at: float
    """When its first line was read, on the reader's clock."""
    source: str
    target: str
    first_line: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """Method of the request, or of the request that is answered."""
        if self.first_line.startswith("SIP/"):
            return self.headers.get("cseq", "").rpartition(" ")[2]
        return self.first_line.partition(" ")[0]

    @property
    def status(self) -> int | None:
        """Status of a response, None for a request."""
        match = re.match(r"SIP/2\.0 (\d{3})", self.first_line)
        return int(match[1]) if match else None

    @property
    def call_id(self) -> str:
        """The Call-ID header."""
        return self.headers.get("call-id", "")

    @property
    def wants_auto_answer(self) -> bool:
        """An INVITE that asks the phone to answer by itself, at once."""
        info = self.headers.get("call-info", "").replace(" ", "").lower()
        alert = self.headers.get("alert-info", "").replace(" ", "").lower()
        asked = "answer-after=0" in info or "info=alert-autoanswer" in alert
        return self.method == "INVITE" and asked

    @property
    def caller(self) -> str:
        """User part of the From address."""
        match = re.search(r"sips?:([^@;>]+)@", self.headers.get("from", ""))
        return match[1] if match else ""


class TraceReader:
    """Takes lines of a phone's output; gives each traced message when it is whole."""

    def __init__(self) -> None:
        self._message: SipMessage | None = None
        self._lines = 0
        self._in_trace = False
        self._body = False

    def feed(self, line: str, at: float) -> SipMessage | None:
        """Add one line without its end; return a message that it completes."""
        if line.startswith(_STARTS):
            self._in_trace, self._body, self._lines = True, False, 0
            self._message = None
            return None
        if not self._in_trace:
            return None
        if line.startswith(_ENDS) or self._lines > _MAX_LINES:
            self._in_trace = False
            return self._message
        self._lines += 1
        self._read(line.strip(), at)
        return None

    def _read(self, line: str, at: float) -> None:
        if self._message is None:
            if flow := _FLOW.match(line):
                self._message = SipMessage(at, flow[1], flow[2])
        elif not self._message.first_line:
            self._message.first_line = line
        elif not line:
            self._body = True
        elif not self._body:
            name, _, value = line.partition(":")
            self._message.headers.setdefault(name.strip().lower(), value.strip())
