"""A carrier on a second Asterisk: calls both ways by each kind of trunk."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from random import Random

import psutil
import pytest

from callengine.asterisk.ami import AmiSettings, EndpointWatch
from callengine.asterisk.ari.telephony import AriTelephony
from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
)
from callengine.core.ids import ChannelId, ShopId
from callengine.core.trunks.facts import TrunkRegistered
from callengine.core.trunks.formats import from_wire
from tests.integration.ari.conftest import clear, telephony_on
from tests.integration.trunks.carrier import PASSWORDS, Connected, connected
from tests.support.facts import FactLog
from tests.support.waiting import until

SHOP, CUSTOMER = "+74950000001", "+79161234567"
KINDS = ("line", "account", "login", "tcp", "secure")
REGISTERED = ("account", "tcp", "secure")
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """The carrier and us."""
    with connected(tmp_path_factory.mktemp("certificates")) as made:
        yield made


@pytest.fixture
async def facts(both: Connected) -> AsyncIterator[tuple[AriTelephony, FactLog]]:
    """Our engine's ear; afterwards nobody is left in a call."""
    log = FactLog(within_s=WITHIN_S)
    async with telephony_on(both.ours, log) as telephony:
        yield telephony, log
    await clear(both.ours)
    await clear(both.carrier)


async def registered(both: Connected, name: str) -> None:
    """Wait until the carrier has let us in."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            said = await both.ours.console("pjsip show registrations")
            (line,) = [x for x in said.splitlines() if x.strip().startswith(f"{name}/")]
            if " Registered" in line:
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("name", KINDS)
async def test_a_call_goes_out_as_the_carrier_wants_it(
    both: Connected, facts: tuple[AriTelephony, FactLog], name: str
) -> None:
    telephony, log = facts
    # One each: what the carrier noted of the others is not this one's.
    customer = f"{CUSTOMER[:-1]}{KINDS.index(name)}"
    if name in REGISTERED:
        await registered(both, name)
    trunk = both.kinds[name].trunk
    shown = trunk.caller_id(ShopId("north"), SHOP, customer)
    assert shown
    channel = ChannelId(f"{name}.cust")
    await telephony.originate(
        channel,
        trunk.dial_string(customer),
        caller_id=shown,
        timeout_s=20,
        auto_answer=None,
    )
    await log.wait(ChannelAnswered, channel=channel)
    dialled = trunk.dial_string(customer)[6:].partition("@")[0]
    seen = rf"CALLED {dialled.replace('+', '[+]')} BY (\S+) ASSERTED (.*)$"
    await until(lambda: bool(both.noted(seen)), within_s=WITHIN_S)
    by, asserted = both.noted(seen)[-1]
    assert f"sip:{shown}@" in asserted
    assert by == shown  # the carrier believes what we assert
    media = rf"MEDIA {dialled.replace('+', '[+]')} SRTP (\d)"
    await until(lambda: bool(both.noted(media)), within_s=WITHIN_S)
    assert both.noted(media)[-1] == str(int(name == "secure"))
    await telephony.hang_up(channel, cause=16)
    await log.wait(ChannelGone, channel=channel)


@pytest.mark.parametrize(
    ("name", "dialled"),
    [
        ("line", "84950000001"),
        ("line", "+74950000001;npdi;rn=+79990000000"),
        ("account", ""),
        ("login", "74950000001"),
        ("login", "4950000001"),
        ("tcp", ""),
        ("secure", ""),
    ],
)
async def test_a_call_comes_in_and_is_known_by_its_trunk(
    both: Connected, facts: tuple[AriTelephony, FactLog], name: str, dialled: str
) -> None:
    _, log = facts
    if name in REGISTERED:
        await registered(both, name)
    kind = both.kinds[name]
    async with telephony_on(both.carrier, FactLog()) as carrier:
        await carrier.originate(
            ChannelId("customer"),
            kind.calls_us.format(dialled),
            caller_id="89161234567",
            timeout_s=20,
            auto_answer=None,
        )
        arrived = await log.wait(CallArrived)
    assert arrived.dialled_number == SHOP
    assert arrived.endpoint == f"PJSIP/{name}"
    assert from_wire(arrived.caller_number, kind.peer.numbers) == CUSTOMER


async def test_the_engine_is_told_who_lets_us_in_and_who_does_not(
    both: Connected,
) -> None:
    config = both.ours.config
    settings = AmiSettings(port=config.ami_port, password=config.ami_password)
    told = FactLog(within_s=WITHIN_S)
    watch = EndpointWatch(
        settings,
        told,
        asyncio.get_running_loop().time,
        Random(1),
        trunks=frozenset(both.kinds),
    )
    watching = asyncio.create_task(watch.run())
    try:
        for name in REGISTERED:
            await told.wait(TrunkRegistered, trunk=name, registered=True)
        await told.wait(
            TrunkRegistered, trunk="refused", registered=False, said="Rejected"
        )
        # A carrier that throws us out is told of by an event, not only by listing.
        await both.ours.console("pjsip send unregister account")
        await told.wait(TrunkRegistered, trunk="account", registered=False)
        await both.ours.console("pjsip send register account")
        await told.until(
            lambda: told.all(TrunkRegistered, trunk="account")[-1].registered is True,
            "registered again",
        )
    finally:
        watching.cancel()
        await asyncio.wait({watching})


def test_no_password_is_in_any_log_or_on_a_command_line(both: Connected) -> None:
    logs = [
        path.read_text(errors="replace")
        for pbx in (both.ours, both.carrier)
        for path in (pbx.config.home / "log").glob("*.log")
    ]
    commands = [
        " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    ]
    for password in PASSWORDS:
        assert not any(password in text for text in (*logs, *commands))
