"""A stranger on SIP: sends one request from any address, and hears the answer."""

import hashlib
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: every status line, and the last response whole."""

    statuses: tuple[int, ...]
    text: str = ""

    @property
    def final(self) -> int:
        """The final status, 0 for none."""
        return next((code for code in self.statuses if code >= 200), 0)


@dataclass(frozen=True, slots=True)
class Login:
    """What a challenge is answered with."""

    user: str
    password: str


class Probe:
    """
    Somebody at an address of the loopback network.

    Args:
        target: host and port of the Asterisk that is asked.
        address: where they send from.
    """

    def __init__(self, target: tuple[str, int], address: str = "127.0.0.9") -> None:
        self._target = target
        self._address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._port = self._socket.getsockname()[1]

    def __enter__(self) -> "Probe":
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def ask(
        self,
        method: str,
        user: str,
        *,
        sender: str,
        headers: str = "",
        login: Login | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Reply:
        """
        Send one request, answer a challenge if told how, and return what came.

        An accepted INVITE is hung up.

        Args:
            user: whom it is for.
            sender: what From says, such as `<sip:trunk@127.0.0.1>`.
            headers: lines more, each ending in CR LF.
            meanwhile: done while an accepted call is up.
        """
        uri = f"sip:{user}@{self._target[0]}:{self._target[1]}"
        tag, call = secrets.token_hex(6), secrets.token_hex(8)
        reply = self._send(method, uri, sender, tag, call, 1, headers)
        if reply.final == 401 and login is not None:
            if method == "INVITE":
                self._end("ACK", uri, sender, tag, call, 1, reply)
            proof = _proof(reply.text, method, uri, login)
            reply = self._send(method, uri, sender, tag, call, 2, headers + proof)
        if method == "INVITE" and reply.final:
            self._end("ACK", uri, sender, tag, call, 2, reply)
            if reply.final < 300:
                meanwhile()
                self._end("BYE", uri, sender, tag, call, 3, reply)
        return reply

    def _send(
        self,
        method: str,
        uri: str,
        sender: str,
        tag: str,
        call: str,
        number: int,
        headers: str,
    ) -> Reply:
        body = _sdp(self._address) if method == "INVITE" else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        to = sender if method == "REGISTER" else f"<{uri}>"
        where = uri.partition("@")[2] if method == "REGISTER" else ""
        self._put(
            f"{method} {f'sip:{where}' if where else uri} SIP/2.0\r\n"
            f"{self._via()}From: {sender};tag={tag}\r\nTo: {to}\r\n"
            f"Call-ID: {call}\r\nCSeq: {number} {method}\r\n"
            f"Contact: <sip:x@{self._address}:{self._port}>\r\nMax-Forwards: 70\r\n"
            f"{headers}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        return self._hear(call, number)

    def _hear(self, call: str, number: int) -> Reply:
        statuses: list[int] = []
        until = time.monotonic() + WITHIN_S
        while (left_s := until - time.monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                text = self._socket.recv(65535).decode(errors="replace")
            except TimeoutError:
                break
            status = re.match(r"SIP/2\.0 (\d{3})", text)
            if status and call in text and f"CSeq: {number} " in text:
                statuses.append(int(status[1]))
                if statuses[-1] >= 200:
                    return Reply(tuple(statuses), text)
        return Reply(tuple(statuses))

    def _end(
        self,
        method: str,
        uri: str,
        sender: str,
        tag: str,
        call: str,
        number: int,
        reply: Reply,
    ) -> None:
        to = re.search(r"^To: (.*)$", reply.text, re.MULTILINE | re.IGNORECASE)
        assert to is not None
        self._put(
            f"{method} {uri} SIP/2.0\r\n{self._via()}From: {sender};tag={tag}\r\n"
            f"To: {to[1].strip()}\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )

    def _via(self) -> str:
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        return (
            f"Via: SIP/2.0/UDP {self._address}:{self._port};branch={branch};rport\r\n"
        )

    def _put(self, text: str) -> None:
        self._socket.sendto(text.encode(), self._target)


def _sdp(address: str) -> str:
    return (
        f"v=0\r\no=x 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        "m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )


def _proof(challenge: str, method: str, uri: str, login: Login) -> str:
    """Answer a digest challenge (RFC 2617, qop=auth)."""
    said = re.search(r"^WWW-Authenticate: Digest (.*)$", challenge, re.MULTILINE)
    assert said is not None
    parts = dict(re.findall(r'(\w+)="?([^",]*)"?', said[1]))

    def md5(*words: str) -> str:
        return hashlib.md5(":".join(words).encode(), usedforsecurity=False).hexdigest()

    mine = md5(login.user, parts["realm"], login.password)
    asked = md5(method, uri)
    nonce, client = parts["nonce"], secrets.token_hex(8)
    response = md5(mine, nonce, "00000001", client, "auth", asked)
    return (
        f'Authorization: Digest username="{login.user}", realm="{parts["realm"]}",'
        f' nonce="{nonce}", uri="{uri}", response="{response}", algorithm=MD5,'
        f' cnonce="{client}", qop=auth, nc=00000001\r\n'
    )
