"""Who is taken for a carrier: nobody by a name that anybody can write."""

import asyncio
from collections.abc import Iterator

import pytest

from callengine.asterisk.pbx import Pbx
from tests.integration.trunks.conftest import CARRIER, CARRIERS_PASSWORD
from tests.support.sip_probe import Login, Probe
from tests.support.waiting import until

SHOP = "+74950000001"
NAMES = ("line", "branch", "branch-in", "anna", "anonymous", "nobody", "trunk")
ASSERTED = "P-Asserted-Identity: <sip:+79990001122@x>\r\n"
REMOTE = "Remote-Party-ID: <sip:+79990001122@x>;party=calling\r\n"
REFER = "Refer-To: <sip:+882130000000@x>\r\n"
PRESENCE = "Event: presence\r\nExpires: 60\r\n"
HEADERS = {"INVITE": ASSERTED, "REFER": REFER, "SUBSCRIBE": PRESENCE}


def caller_at(pbx: Pbx, address: str) -> Probe:
    """Somebody who sends from an address."""
    return Probe((pbx.config.sip_host, pbx.config.sip_port), address)


@pytest.fixture
def stranger(ours: Pbx) -> Iterator[Probe]:
    """Somebody at an address that is no trunk's."""
    with caller_at(ours, "127.0.0.9") as probe:
        yield probe


@pytest.fixture
def carrier(ours: Pbx) -> Iterator[Probe]:
    """The carrier that is known by its address."""
    with caller_at(ours, CARRIER) as probe:
        yield probe


def calls_seen(pbx: Pbx) -> str:
    """How many calls Asterisk says it has processed."""
    said = asyncio.run(pbx.console("core show channels count"))
    return next(line for line in said.splitlines() if "processed" in line)


def callers(pbx: Pbx) -> str:
    """The channels that are up, with the numbers that Asterisk believes."""
    return asyncio.run(pbx.console("core show channels concise"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "method",
    ["INVITE", "OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "REFER", "PUBLISH"],
)
def test_a_stranger_is_asked_to_prove_whatever_name_they_write(
    ours: Pbx, stranger: Probe, method: str, name: str
) -> None:
    before = calls_seen(ours)
    headers = HEADERS.get(method, "")
    reply = stranger.ask(
        method, SHOP, sender=f"<sip:{name}@127.0.0.1>", headers=headers
    )
    assert reply.final == 401, reply
    assert calls_seen(ours) == before


@pytest.mark.parametrize("dialled", [SHOP, "+882130000000", "anna", "s", "*43"])
@pytest.mark.parametrize("user", ["anna", "line", "branch", "branch-in", "nobody"])
@pytest.mark.parametrize("method", ["INVITE", "REGISTER"])
def test_a_wrong_password_opens_nothing(
    ours: Pbx, stranger: Probe, method: str, user: str, dialled: str
) -> None:
    before = calls_seen(ours)
    login = Login(user, "not-the-password")
    reply = stranger.ask(method, dialled, sender=f"<sip:{user}@127.0.0.1>", login=login)
    assert reply.final == 401, reply
    assert calls_seen(ours) == before


def test_the_carrier_at_its_address_reaches_a_shop_and_nothing_else(
    ours: Pbx, carrier: Probe
) -> None:
    who = "<sip:+79161234567@carrier.invalid>"
    assert carrier.ask("INVITE", SHOP, sender=who).final == 200
    for dialled in ("+882130000000", "anna", "s", "*43", "h", "i", "from-agents"):
        assert carrier.ask("INVITE", dialled, sender=who).final == 404, dialled
    assert carrier.ask("SUBSCRIBE", "anna", sender=who, headers=PRESENCE).final >= 400
    assert carrier.ask("REGISTER", SHOP, sender="<sip:anna@x>").final >= 400


def test_the_carrier_may_not_be_an_agent_at_its_address(
    ours: Pbx, carrier: Probe
) -> None:
    login = Login("anna", "password-of-anna")
    reply = carrier.ask("INVITE", "*43", sender="<sip:anna@x>", login=login)
    assert reply.final == 404, reply


def test_a_carrier_that_logs_in_is_taken_from_anywhere(
    ours: Pbx, stranger: Probe
) -> None:
    who = "<sip:84951234567@carrier.invalid>"
    login = Login("branch", CARRIERS_PASSWORD)
    assert stranger.ask("INVITE", SHOP, sender=who, login=login).final == 200
    # as this carrier writes it: national, local, with what number portability adds
    for dialled in (
        "84950000001",
        "4950000001",
        "0000001",
        "74950000001",
        "0074950000001",
        "81074950000001",
        "+74950000001;npdi;rn=+74990000000",
        "84950000001;npdi",
    ):
        reply = stranger.ask("INVITE", dialled, sender=who, login=login)
        assert reply.final == 200, dialled


@pytest.mark.parametrize("headers", [ASSERTED, REMOTE, ASSERTED + REMOTE])
def test_an_identity_is_asserted_only_by_a_trunk_that_may(
    ours: Pbx, stranger: Probe, carrier: Probe, headers: str
) -> None:
    seen: list[str] = []
    who = "<sip:+79161234567@carrier.invalid>"

    def look() -> None:
        seen.append(callers(ours))

    # `line` may not: what From says is all there is. `branch` may.
    carrier.ask("INVITE", SHOP, sender=who, headers=headers, meanwhile=look)
    login = Login("branch", CARRIERS_PASSWORD)
    stranger.ask(
        "INVITE", SHOP, sender=who, headers=headers, login=login, meanwhile=look
    )
    assert ["79161234567" in text for text in seen] == [True, False], seen
    assert ["79990001122" in text for text in seen] == [False, True], seen


def test_a_dialled_number_starts_no_line_of_the_log(ours: Pbx, carrier: Probe) -> None:
    dialled = "+7%0d%0aERROR%20a%20line%20of%20mine"
    who = "<sip:+79161234567@carrier.invalid>"
    assert carrier.ask("INVITE", dialled, sender=who).final >= 400
    log = ours.config.log_file
    # Asterisk writes its log a moment after it has answered.
    said = "Refused a call to +7ERRORalineofmine"
    asyncio.run(until(lambda: said in log.read_text(), within_s=20))
    lines = log.read_text().splitlines()
    assert not [line for line in lines if line.startswith("ERROR")]
