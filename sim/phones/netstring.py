"""Netstrings, the frames of a baresip control port: `5:hello,`."""

MAX_BYTES = 1 << 20
_MAX_DIGITS = len(str(MAX_BYTES))


class BadNetstring(ValueError):
    """The peer does not speak netstrings, or sent a frame beyond the limit."""


def encode(payload: bytes) -> bytes:
    """Frame a payload."""
    return b"%d:%b," % (len(payload), payload)


class Decoder:
    """Takes bytes as they come and gives whole payloads; holds one frame at most."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add bytes; return every payload that is complete now."""
        self._buffer += data
        payloads = []
        while (payload := self._take()) is not None:
            payloads.append(payload)
        return payloads

    def _take(self) -> bytes | None:
        colon = self._buffer.find(b":", 0, _MAX_DIGITS + 1)
        digits = bytes(self._buffer[: colon if colon >= 0 else _MAX_DIGITS + 1])
        if digits and not digits.isdigit():
            raise BadNetstring(f"length is no number: {digits[:20]!r}")
        if colon < 0:
            if len(self._buffer) > _MAX_DIGITS:
                raise BadNetstring("length has no end")
            return None
        if colon == 0:
            raise BadNetstring("no length")
        return self._cut(colon + 1, int(digits))

    def _cut(self, start: int, length: int) -> bytes | None:
        if length > MAX_BYTES:
            raise BadNetstring(f"{length} bytes are too many")
        end = start + length
        if len(self._buffer) <= end:
            return None
        if self._buffer[end : end + 1] != b",":
            raise BadNetstring("no comma after the payload")
        payload = bytes(self._buffer[start:end])
        del self._buffer[: end + 1]
        return payload
