"""Signing as Standard Webhooks 1.0.0 say: `id.timestamp.body`, HMAC-SHA256."""

from datetime import UTC, datetime

from standardwebhooks import Webhook

from callengine.core.ids import Instant, MessageId


class BadSecret(Exception):
    """The receiver's signing secret is not base64 or is empty."""


def sign(
    message: MessageId, body: bytes, *, secret: str, now: Instant
) -> dict[str, str]:
    """
    Make the headers of one try; id and body are the same at every try.

    Raises `BadSecret`.
    """
    at = datetime.fromtimestamp(int(now), UTC)
    try:
        signature = Webhook(secret).sign(message, at, body.decode())
    except Exception as error:
        # The library's errors may quote the secret, so they are not chained.
        raise BadSecret(type(error).__name__) from None
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": signature,
    }
