"""Signing as Standard Webhooks 1.0.0 say: `id.timestamp.body`, HMAC-SHA256."""

from datetime import UTC, datetime

from standardwebhooks import Webhook

from callengine.core.ids import Instant, MessageId


class BadSecret(Exception):
    """The receiver's signing secret is not base64 or is empty."""


def sign(
    message: MessageId,
    body: bytes,
    *,
    secret: str,
    now: Instant,
    old_secret: str = "",
) -> dict[str, str]:
    """
    Make the headers of one try; id and body are the same at every try.

    Args:
        old_secret: the one before `secret`, while both are in use: the receiver finds
            a signature of either, separated by a space.

    Raises `BadSecret`.
    """
    at = datetime.fromtimestamp(int(now), UTC)
    secrets = [secret, *([old_secret] if old_secret else [])]
    try:
        signature = " ".join(
            Webhook(one).sign(message, at, body.decode()) for one in secrets
        )
    except Exception as error:
        # The library's errors may quote the secret, so they are not chained.
        raise BadSecret(type(error).__name__) from None
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": signature,
    }
