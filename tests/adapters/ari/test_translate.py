"""Reading Asterisk's events and replies, without a socket."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.asterisk.ari import errors
from callengine.asterisk.ari.events import (
    DECODERS,
    Replaced,
    Unrecognised,
    UserEvent,
    decode,
)
from callengine.asterisk.ari.legs import Leg, Legs
from callengine.asterisk.ari.models import Application, Channel
from callengine.asterisk.ari.translate import Translator, presented_number
from callengine.core.facts import CallArrived, ChannelGone, Fact
from callengine.core.ids import ChannelId
from callengine.engine.ports import (
    ResourceGone,
    TelephonyDown,
    TelephonyError,
    Unreachable,
)
from callengine.testing.fake_ari_json import channel as channel_json

AT = 1_700_000_000.0


class Told:
    """A translator with what came out of it."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.strays: list[tuple[str, str]] = []
        self.legs = Legs()
        self.translator = Translator(
            self.facts.append,
            lambda: AT,
            self.legs,
            lambda channel, way: self.strays.append((channel, way)),
        )

    def hear(self, kind: str, channel: str = "c", **fields: Any) -> None:
        """Let an event come in."""
        raw = {"type": kind, "channel": channel_json(channel, "+7916"), **fields}
        self.translator.on_event(decode(json.dumps(raw)))


def test_a_caller_is_told_once_from_arrival_to_the_end_of_the_stay() -> None:
    told = Told()
    for _ in range(2):
        told.hear("StasisStart", args=["inbound", "+7495"])
    for _ in range(2):
        told.hear("StasisEnd")
    channel = ChannelId("c")
    assert told.facts == [
        CallArrived(
            at=AT,
            channel=channel,
            dialled_number="+7495",
            caller_number="+7916",
            endpoint="PJSIP/trunk",
        ),
        ChannelGone(at=AT, channel=channel, cause=16),
    ]


def test_a_channel_we_asked_for_ends_when_destroyed_and_not_before() -> None:
    told = Told()
    told.legs.add(Leg(ChannelId("c")))
    told.hear("StasisStart", args=["outbound", "c"])
    told.hear("StasisEnd")
    assert not [f for f in told.facts if isinstance(f, ChannelGone)]
    told.hear("ChannelDestroyed", cause=17, tech_cause=486)
    told.hear("ChannelDestroyed", cause=17, tech_cause=486)
    (gone,) = [f for f in told.facts if isinstance(f, ChannelGone)]
    assert (gone.cause, gone.sip_code) == (17, 486)


def test_events_of_channels_that_are_not_ours_are_told_to_nobody() -> None:
    told = Told()
    for kind in ("StasisEnd", "ChannelTalkingStarted"):
        told.hear(kind)
    told.hear("ChannelDestroyed", cause=16)
    told.hear("ChannelTalkingFinished", duration=5)
    told.hear("Dial", dialstatus="RINGING", peer=channel_json("c", ""))
    told.hear("ChannelEnteredBridge", bridge={"id": "b"}, timestamp="t")
    told.hear("PlaybackFinished", playback={"id": "p"})
    assert told.facts == []


def test_who_comes_unexpected_is_sent_away() -> None:
    told = Told()
    told.hear("StasisStart", args=["outbound", "c"])
    told.hear("StasisStart", args=["surprise"])
    told.hear("StasisStart", args=[])
    told.hear("StasisStart", args=["inbound"])
    assert told.strays == [("c", "outbound"), ("c", ""), ("c", ""), ("c", "")]
    assert told.facts == []


@pytest.mark.parametrize(
    ("number", "presentation", "shown"),
    [
        ("+79161234567", "", "+79161234567"),
        ("+79161234567", "allowed_not_screened", "+79161234567"),
        ("+79161234567", "prohib_passed_screen", None),
        ("+79161234567", "unavailable", None),
        ("", "", None),
        ("Anonymous", "", None),
        (" unknown ", "", None),
        ("8 (916) 123", "", "8 (916) 123"),
    ],
)
def test_a_number_is_shown_unless_withheld(
    number: str, presentation: str, shown: str | None
) -> None:
    assert presented_number(number, presentation) == shown


@pytest.mark.parametrize(
    ("more", "choice"),
    [([], ""), (["allowed"], ""), (["allowed", "2"], "2"), (["", "2", "x"], "2")],
)
def test_the_choice_in_a_menu_is_the_fourth_argument(
    more: list[str], choice: str
) -> None:
    told = Told()
    told.hear("StasisStart", args=["inbound", "+7495", *more])
    (call,) = told.facts
    assert isinstance(call, CallArrived)
    assert (call.choice, call.caller_number) == (choice, "+7916")


def test_numbers_are_bounded() -> None:
    told = Told()
    told.hear("StasisStart", args=["inbound", "9" * 500, "", "x" * 500])
    (call,) = told.facts
    assert isinstance(call, CallArrived)
    assert len(call.choice) == 40
    assert len(call.dialled_number) == 64
    assert presented_number("9" * 500) == "9" * 64


def test_a_channel_knows_its_endpoint_and_its_arguments() -> None:
    inside = "callengine-n1,inbound,+7495"
    raw = channel_json("c", "", endpoint="PJSIP/anna-maria", app_data=inside)
    channel = Channel.decode(raw)
    assert channel.endpoint == "PJSIP/anna-maria"
    assert channel.arguments_in(application("callengine-n1")) == ("inbound", "+7495")
    assert channel.arguments_in(application("callengine-n")) is None
    assert not channel.is_helper


def test_a_channel_at_the_door_is_ours_once_it_was_claimed() -> None:
    raw = channel_json("c", "", app_data="700,^callengine-n1$,inbound:+7495:allowed")
    raw["dialplan"]["app_name"] = "StasisBroadcast"
    channel = Channel.decode(raw)
    assert channel.arguments_in(application("callengine-n1")) is None
    claimed = application("callengine-n1", "c")
    assert channel.arguments_in(claimed) == ("inbound", "+7495", "allowed")


def test_a_claimed_channel_without_arguments_has_none() -> None:
    raw = channel_json("c", "", app_data="700")
    raw["dialplan"]["app_name"] = "StasisBroadcast"
    assert Channel.decode(raw).arguments_in(application("callengine-n1", "c")) == ()


def application(name: str, *channels: str) -> Application:
    return Application(name, frozenset(map(ChannelId, channels)), frozenset())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"message":"Channel not found"}', errors.BadCommand),
        (401, b"", errors.NotAllowed),
        (404, b'{"message":"Bridge not found"}', ResourceGone),
        (409, b"{}", errors.Conflict),
        (412, b"[]", errors.WrongState),
        (418, b"\xff", TelephonyError),
        (422, b"", errors.NotInApp),
        (500, b'{"error":"Allocation failed"}', Unreachable),
        (500, b'{"error":"Internal"}', TelephonyDown),
        (503, b'{"message":"Asterisk not booted"}', TelephonyDown),
    ],
)
def test_each_status_says_whose_move_is_next(
    status: int, body: bytes, kind: type[TelephonyError]
) -> None:
    assert type(errors.from_reply("GET x", status, body)) is kind


@given(st.text() | st.binary())
def test_no_message_makes_the_reader_stumble(message: str | bytes) -> None:
    assert isinstance(decode(message), Unrecognised)


JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(
    st.sampled_from(sorted(DECODERS)),
    st.dictionaries(
        st.sampled_from(
            ["channel", "args", "peer", "bridge", "playback", "cause", "timestamp"]
        ),
        JSON | st.dictionaries(st.sampled_from(["id", "caller", "number"]), JSON),
    ),
)
def test_no_field_makes_the_reader_stumble(kind: str, fields: dict[str, Any]) -> None:
    event = decode(json.dumps(fields | {"type": kind}))
    # Broken ones never leave the stream; what does must be safe to act on.
    if not isinstance(event, Unrecognised | UserEvent | Replaced):
        Told().translator.on_event(event)
