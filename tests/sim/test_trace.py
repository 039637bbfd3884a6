"""Reading a phone's SIP trace."""

from sim.phones.trace import SipMessage, TraceReader

INVITE = """\
\x1b[36;1m#
UDP 127.0.0.1:5060 -> 127.0.0.1:15501
INVITE sip:a1@127.0.0.1:15501 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK1
From: "Shop" <sip:+79161234567@127.0.0.1>;tag=x
Call-ID: b07e67de
CSeq: 17 INVITE
Call-Info: <sip:callengine>;answer-after=0
Content-Length: 10

v=0
Call-ID: not-a-header
\x1b[;m
"""
RINGING = """\
\x1b[36;1m#
UDP 127.0.0.1:15501 -> 127.0.0.1:5060
SIP/2.0 180 Ringing
Call-ID: b07e67de
CSeq: 17 INVITE

\x1b[;m
"""


def read(text: str) -> list[SipMessage]:
    reader = TraceReader()
    found = [reader.feed(line, float(n)) for n, line in enumerate(text.splitlines())]
    return [message for message in found if message is not None]


def test_a_request_is_read_with_its_headers_and_not_its_body() -> None:
    (invite,) = read(INVITE)
    assert invite.method == "INVITE"
    assert invite.status is None
    assert (invite.source, invite.target) == ("127.0.0.1:5060", "127.0.0.1:15501")
    assert invite.call_id == "b07e67de"
    assert invite.caller == "+79161234567"


def test_the_wish_for_auto_answer_is_read_from_call_info() -> None:
    (asked,) = read(INVITE)
    (plain,) = read(INVITE.replace("Call-Info", "X-Other"))
    assert asked.wants_auto_answer
    assert not plain.wants_auto_answer


def test_a_response_tells_its_status_and_what_it_answers() -> None:
    (ringing,) = read(RINGING)
    assert (ringing.method, ringing.status) == ("INVITE", 180)


def test_the_instant_is_that_of_the_first_line_of_the_message() -> None:
    assert [message.at for message in read(INVITE + RINGING)] == [1.0, 14.0]


def test_other_output_of_the_phone_is_passed_over() -> None:
    chatter = "baresip is ready.\nUDP 1:1 -> 2:2\nINVITE sip:x SIP/2.0\n\n"
    assert len(read(chatter + INVITE + chatter + RINGING)) == 2


def test_a_message_cut_off_by_the_next_one_is_dropped() -> None:
    cut = "\n".join(INVITE.splitlines()[:5]) + "\n"
    (message,) = read(cut + RINGING)
    assert message.status == 180
