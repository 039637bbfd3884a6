"""When a failed delivery is tried again, and what a signature covers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.ids import MessageId, ShopId
from callengine.engine.deliveries import TEST, OutboxMessage, ReceiverState
from callengine.integrations.schedule import (
    GONE_DELAYS_S,
    LATE_PROBE_S,
    PATIENCE,
    PROBE_DELAYS_S,
    RETRY_DELAYS_S,
    after_failure,
    next_try_at,
)
from callengine.integrations.signing import BadSecret, sign
from callengine.integrations.verdicts import (
    LONGEST_PAUSE_S,
    Blame,
    Verdict,
    judge,
    parse_retry_after_s,
)


def message(tries: int = 0, failures: int = 0, type_: str = "x") -> OutboxMessage:
    """A message that was tried so often, of a receiver that failed so often."""
    return OutboxMessage(
        message=MessageId("m"),
        shop=ShopId("teplo"),
        receiver="shop",
        type=type_,
        url="https://shop.example/",
        secret="whsec_",
        body=b"{}",
        tries=tries,
        created_at=0.0,
        failures=failures,
    )


def verdict(status: int, retry_after: str | None = None) -> Verdict:
    """What an answer of this status means at instant 0."""
    return judge(status, "no", 0.0, retry_after=retry_after, location="")


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
        ("²", 0),
        ("9" * 5000, LONGEST_PAUSE_S),
        ("Mon, 99 Foo 99999 99:99:99 GMT", 0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 120),
        ("Thu, 01 Jan 1960 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, pause_s: float) -> None:
    assert parse_retry_after_s(header, now=0.0) == pause_s


def test_two_secrets_in_use_give_two_signatures_one_for_each() -> None:
    old, new = ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "c2VjcmV0")
    both = sign(MessageId("m"), b"{}", secret=new, old_secret=old, now=5.0)
    each = [
        sign(MessageId("m"), b"{}", secret=one, now=5.0)["webhook-signature"]
        for one in (new, old)
    ]
    assert both["webhook-signature"].split(" ") == each


@pytest.mark.parametrize(
    ("status", "blame"),
    [
        *((code, Blame.MESSAGE) for code in (400, 409, 413, 422, 451)),
        *((code, Blame.RECEIVER) for code in (301, 302, 307, 308, 401, 403, 404, 405)),
        *((code, Blame.RECEIVER) for code in (408, 429, 500, 502, 503, 504, 599, 304)),
        (410, Blame.GONE),
    ],
)
def test_each_answer_blames_message_or_receiver(status: int, blame: Blame) -> None:
    assert verdict(status).error
    assert verdict(status).blame is blame


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_taken(status: int) -> None:
    assert verdict(status).error == ""


def test_a_redirection_names_where_it_leads_and_what_to_do() -> None:
    said = judge(301, "", 0.0, retry_after=None, location="https://new.example/x")
    assert said.error == "it redirects to https://new.example/x; name the final address"


@given(
    st.integers(0, 500),
    st.integers(0, 40),
    st.integers(),
    st.sampled_from([0, 301, 401, 403, 404, 410, 429, 500, 503]),
)
def test_what_is_kept_for_a_receiver_that_fails_is_never_given_up(
    failures: int, tries: int, seed: int, status: int
) -> None:
    said = verdict(status) if status else Verdict(error="DNS", blame=Blame.RECEIVER)
    again_at, pause = after_failure(
        message(tries, max(1, failures)), said, 0.0, rng=Random(seed)
    )
    assert pause is not None
    assert again_at == 0.0  # held with the others
    gone = status == 410
    assert pause.state is (ReceiverState.STOPPED if gone else ReceiverState.FAILING)
    longest = GONE_DELAYS_S[-1] if gone else LATE_PROBE_S
    assert 0 < pause.probe_at <= longest * 1.1


def test_an_outage_of_a_day_is_noticed_within_minutes_of_its_end() -> None:
    probes = PROBE_DELAYS_S[-1] * (PATIENCE - len(PROBE_DELAYS_S))
    assert probes >= 24 * 3600
    assert max(PROBE_DELAYS_S) <= 300


def test_a_message_that_a_working_receiver_refuses_dies_in_the_end() -> None:
    for status in (404, 422):
        again_at, _ = after_failure(message(13), verdict(status), 0.0, rng=Random(1))
        assert again_at is None
    again_at, _ = after_failure(message(13), verdict(503), 0.0, rng=Random(1))
    assert again_at is not None


@pytest.mark.parametrize("status", [429, 503, 410, 404])
def test_the_pause_a_receiver_asks_for_is_kept(status: int) -> None:
    _, pause = after_failure(message(), verdict(status, "7200"), 0.0, rng=Random(1))
    assert pause is not None
    assert pause.probe_at >= 7200


def test_a_test_message_is_sent_once_and_lengthens_no_pause() -> None:
    said = verdict(503)
    assert after_failure(message(type_=TEST, failures=3), said, 0, rng=Random(1)) == (
        None,
        None,
    )
    again_at, pause = after_failure(message(type_=TEST), said, 0, rng=Random(1))
    assert again_at is None
    assert pause is not None
