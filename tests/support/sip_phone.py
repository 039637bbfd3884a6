"""
A SIP phone of bare UDP, for what well-behaved programs cannot be made to do.

It answers an INVITE as told (any code, any SDP, late, twice, never), sends sound or
not, and may call with headers of its own. It repeats nothing: loopback loses nothing.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

SILENCE = b"\xd5" * 160
PACKET_S = 0.02
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What the phone does with a call.

    Attributes:
        code: final response; 0 for none at all.
        after_s: how long it takes over it.
        rings: whether 180 comes first.
        sdp: body of a 200; `{port}` is the phone's media port.
        headers: lines for the final response.
        speaks: whether it sends RTP once it is answered.
    """

    code: int = 200
    after_s: float = 0.0
    rings: bool = True
    sdp: str = (
        "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        "m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
    )
    headers: tuple[str, ...] = ()
    speaks: bool = True


@dataclass(slots=True)
class Message:
    """A SIP message, read as far as the tests need it."""

    start: str
    headers: list[tuple[str, str]]
    body: str

    @property
    def method(self) -> str:
        """INVITE, BYE...; of a response that of its CSeq."""
        if self.status:
            return self.get("CSeq").split()[-1]
        return self.start.split()[0]

    @property
    def status(self) -> int:
        """Code of a response, 0 for a request."""
        found = re.match(r"SIP/2\.0 (\d{3})", self.start)
        return int(found[1]) if found else 0

    def get(self, name: str) -> str:
        """The first header of a name, '' without one."""
        wanted = name.lower()
        return next((v for k, v in self.headers if k.lower() == wanted), "")

    def all(self, name: str) -> list[str]:
        """Every header of a name, as lines."""
        return [f"{k}: {v}" for k, v in self.headers if k.lower() == name.lower()]


def read(data: bytes) -> Message:
    """Read a datagram."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    pairs = [(k.strip(), v.strip()) for k, _, v in (x.partition(":") for x in lines)]
    return Message(start, pairs, body)


@dataclass
class SipPhone:
    """
    One phone at a fixed address; an async context manager.

    Attributes:
        answers: what it does with the next calls; the last one stands for ever.
        seen: every message that came, in order.
        alive: False: hears and says nothing any more, as after a power cut.
    """

    host: str = "127.0.0.1"
    port: int = 0
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    seen: list[Message] = field(default_factory=list)
    packets: int = 0
    alive: bool = True
    on_message: Callable[[Message], None] = lambda message: None

    async def __aenter__(self) -> "SipPhone":
        loop = asyncio.get_running_loop()
        address = (self.host, self.port)
        self._sip, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._heard), local_addr=address
        )
        self._media, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._sound), local_addr=(self.host, 0)
        )
        self.port = self._sip.get_extra_info("sockname")[1]
        self.media_port = self._media.get_extra_info("sockname")[1]
        self._tasks: set[asyncio.Task[None]] = set()
        self._far: tuple[str, int] | None = None
        self._hushed: tuple[str, int] | None = None
        self._invite: Message | None = None
        self._peer: tuple[str, int] = ("", 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sip.close()
        self._media.close()

    @property
    def contact(self) -> str:
        """Its address, as `pjsip.conf` wants it."""
        return f"sip:phone@{self.host}:{self.port}"

    def requests(self, method: str) -> list[Message]:
        """Every request of a method that came."""
        return [m for m in self.seen if not m.status and m.method == method]

    def responses(self, method: str = "INVITE") -> list[int]:
        """Codes of every response to a method."""
        return [m.status for m in self.seen if m.status and m.method == method]

    # --- as the called ---------------------------------------------------------------

    def _heard(self, data: bytes, peer: tuple[str, int]) -> None:
        if not self.alive or not data.strip():
            return
        message = read(data)
        self.seen.append(message)
        self._peer = peer
        self.on_message(message)
        match message.method, message.status:
            case "INVITE", 0:
                self._spawn(self._ring(message))
            case (("OPTIONS" | "BYE"), 0):
                self._reply(message, 200)
            case "CANCEL", 0:
                self._reply(message, 200)
                if self._invite is not None:
                    self._reply(self._invite, 487)
            case "INVITE", status if status >= 200:
                self._acknowledge(message)

    async def _ring(self, invite: Message) -> None:
        first = len(self.answers) > 1
        answer = self.answers.pop(0) if first else self.answers[0]
        self._invite = invite
        if answer.rings:
            self._reply(invite, 180)
        await asyncio.sleep(answer.after_s)
        if answer.code:
            self.answer(answer, invite)

    def answer(self, answer: Answer, invite: Message | None = None) -> None:
        """Give the final response now, whatever was said before."""
        invite = invite or self._invite
        assert invite is not None
        good = answer.code == 200
        body = answer.sdp.format(host=self.host, port=self.media_port) if good else ""
        self._reply(invite, answer.code, body, answer.headers)
        if good and answer.speaks:
            self.speak_to(invite.body)

    def speak_to(self, sdp: str) -> None:
        """Send sound to where an SDP says, until `hush`."""
        host = re.search(r"(?m)^c=IN IP4 (\S+)", sdp)
        port = re.search(r"(?m)^m=audio (\d+)", sdp)
        assert host is not None, sdp
        assert port is not None, sdp
        self._far = (host[1], int(port[1]))
        self._spawn(self._speak())

    def hush(self) -> None:
        """Send no sound any more."""
        self._hushed, self._far = self._far, None

    async def _speak(self) -> None:
        for number in count():
            if self._far is None or not self.alive:
                return
            head = b"\x80\x08" + (number & 0xFFFF).to_bytes(2, "big")
            head += (number * 160 & 0xFFFFFFFF).to_bytes(4, "big") + b"call"
            self._media.sendto(head + SILENCE, self._far)
            await asyncio.sleep(PACKET_S)

    def report(self) -> None:
        """Send one empty RTCP report instead of sound."""
        assert self._hushed is not None
        host, port = self._hushed
        self._media.sendto(b"\x80\xc9\x00\x01call", (host, port + 1))

    def _sound(self, data: bytes, peer: tuple[str, int]) -> None:
        self.packets += self.alive

    # --- as the caller ---------------------------------------------------------------

    def call(
        self,
        peer: tuple[str, int],
        number: str,
        *,
        call_id: str = "",
        branch: str = "",
        tag: str = "",
        caller: str = "+79161234567",
    ) -> str:
        """Send an INVITE; its Call-ID. The same Call-ID and tag make a fork."""
        unique = f"{self.port}-{next(_NUMBERS)}"
        call_id = call_id or f"call-{unique}"
        sdp = Answer().sdp.format(host=self.host, port=self.media_port)
        self._peer = peer
        self._send(
            [
                f"INVITE sip:{number}@{peer[0]}:{peer[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP {self.host}:{self.port}"
                f";branch=z9hG4bK{branch or unique}",
                f"From: <sip:{caller}@{self.host}>;tag={tag or unique}",
                f"To: <sip:{number}@{peer[0]}>",
                f"Call-ID: {call_id}",
                "CSeq: 1 INVITE",
                f"Contact: <sip:phone@{self.host}:{self.port}>",
                "Max-Forwards: 70",
                "Content-Type: application/sdp",
                f"Content-Length: {len(sdp)}",
            ],
            sdp,
        )
        return call_id

    def bye(self) -> None:
        """Hang up a call that we made."""
        self._request("BYE", 2)

    def _acknowledge(self, response: Message) -> None:
        self._request("ACK", 1, response)
        if response.status == 200 and response.body and self._far is None:
            self.speak_to(response.body)

    def _request(
        self, method: str, number: int, response: Message | None = None
    ) -> None:
        found = [m for m in self.seen if m.status and m.method == "INVITE"]
        response = response or next(m for m in found if m.status == 200)
        contact = re.search(r"<(sip:[^>]+)>", response.get("Contact"))
        to = response.get("To")
        target = contact[1] if contact else re.search(r"<([^>]+)>", to)[1]  # type: ignore[index]
        via = response.get("Via")
        if response.status == 200:
            via = re.sub(r"branch=[^;]+", f"branch=z9hG4bK{next(_NUMBERS)}x", via)
        self._send(
            [
                f"{method} {target} SIP/2.0",
                f"Via: {via}",
                f"From: {response.get('From')}",
                f"To: {to}",
                f"Call-ID: {response.get('Call-ID')}",
                f"CSeq: {number} {method}",
                "Max-Forwards: 70",
                "Content-Length: 0",
            ]
        )

    # --- the wire --------------------------------------------------------------------

    def _reply(
        self, to: Message, code: int, body: str = "", headers: tuple[str, ...] = ()
    ) -> None:
        lines = [f"SIP/2.0 {code} Said", *to.all("Via"), *to.all("From")]
        given = to.get("To")
        lines.append(f"To: {given}" + ("" if "tag=" in given else f";tag={self.port}"))
        lines += [*to.all("Call-ID"), *to.all("CSeq"), *to.all("Record-Route")]
        lines += [f"Contact: <{self.contact}>", *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        self._send([*lines, f"Content-Length: {len(body)}"], body)

    def _send(self, lines: list[str], body: str = "") -> None:
        if self.alive:
            text = "\r\n".join([*lines, "", body])
            self._sip.sendto(text.encode(), self._peer)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Pass a datagram on."""
        self._heard(data, addr)
