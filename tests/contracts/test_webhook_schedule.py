"""When a failed delivery is tried again, and what a signature covers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.ids import MessageId
from callengine.integrations.schedule import (
    LONGEST_PAUSE_S,
    RETRY_DELAYS_S,
    next_try_at,
    parse_retry_after_s,
)
from callengine.integrations.signing import BadSecret, sign


def test_the_published_vector_is_reproduced() -> None:
    headers = sign(
        MessageId("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        b'{"test": 2432232314}',
        secret="MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        now=1614265330.9,
    )

    assert headers["webhook-timestamp"] == "1614265330"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-signature"] == expected


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_#", "ключ"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(BadSecret):
        sign(MessageId("m"), b"{}", secret=secret, now=0.0)


def test_five_tries_fit_into_the_fifteen_minutes() -> None:
    assert sum(RETRY_DELAYS_S[:5]) * 1.1 < 5 * 60


@given(st.integers(0, 30), st.floats(0, 1e6), st.integers())
def test_a_pause_is_never_shorter_than_asked(
    tries: int, retry_after_s: float, seed: int
) -> None:
    at = next_try_at(tries, 0.0, rng=Random(seed), retry_after_s=retry_after_s)

    if tries >= len(RETRY_DELAYS_S):
        assert at is None
        return
    assert at is not None
    assert at >= max(RETRY_DELAYS_S[tries] * 0.9, min(retry_after_s, LONGEST_PAUSE_S))


@pytest.mark.parametrize(
    ("header", "pause_s"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        ("99999999999999", LONGEST_PAUSE_S),
        ("-5", 0),
        ("soon", 0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 120),
        ("Thu, 01 Jan 1960 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, pause_s: float) -> None:
    assert parse_retry_after_s(header, now=0.0) == pause_s
