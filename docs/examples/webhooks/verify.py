"""Check the signature of a message. Standard library only."""

import base64
import hashlib
import hmac
import time


def is_ours(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Say whether `body`, byte for byte as it came, was signed with `secret`."""
    message, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    if (
        not (sent_at.isascii() and sent_at.isdigit())
        or abs(time.time() - int(sent_at)) > 300
    ):
        return False  # older than five minutes: somebody repeats it
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message}.{sent_at}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    right = b"v1," + base64.b64encode(digest)
    # While a secret is being changed there are two signatures, a space between.
    given = headers["webhook-signature"].encode().split(b" ")
    return any(hmac.compare_digest(right, one) for one in given)
