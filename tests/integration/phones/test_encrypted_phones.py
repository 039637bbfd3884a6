"""TLS and SRTP with a real softphone, and what becomes of one that only pretends."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from callengine.asterisk.ari.telephony import AriTelephony
from callengine.asterisk.pbx import Pbx, PbxError
from callengine.asterisk.provision import Provision, render_provision
from callengine.core.facts import ChannelAnswered, ChannelGone, ChannelJoined
from callengine.core.ids import BridgeId, ChannelId
from callengine.engine.ports import ResourceGone
from sim.phones.baresip import BaresipPhone, PhoneSettings
from sim.sipp.sounds import make_sounds
from tests.integration.ari.conftest import SHOP, account, telephony_on
from tests.integration.ari.people import customers
from tests.support.certificates import make_certificate
from tests.support.facts import FactLog
from tests.support.ports import free_port
from tests.support.servers import pbx_config, run_pbx
from tests.support.sip_phone import SipPhone
from tests.support.waiting import until

PRETENDER_PORT = free_port(udp=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the exchange; the phone trusts it, and has it too."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def encrypted_pbx(
    certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pbx]:
    """An Asterisk that demands encryption of its phones."""
    what = Provision(
        shops=(SHOP,),
        accounts=(account("anna"), account("boris")),
        contacts={"boris": f"sip:boris@127.0.0.1:{PRETENDER_PORT}"},
    )
    demands = {"phones_tls": True, "phones_srtp": True}
    with run_pbx(
        tls_port=free_port(), tls_certificate=certificate, tls_ca=certificate, **demands
    ) as pbx:
        asyncio.run(pbx.provision(what))
        with customers(pbx, tmp_path_factory.mktemp("sipp")):
            yield pbx


@dataclass
class Desk:
    """The engine's telephony and what it told."""

    telephony: AriTelephony
    facts: FactLog

    async def rings(self, login: str) -> ChannelId:
        """Have a phone answer; its channel."""
        channel = ChannelId(f"{login}.agt.1")
        await self.telephony.originate(
            channel,
            f"PJSIP/{login}",
            caller_id="+74951112233",
            timeout_s=5,
            auto_answer=None,
        )
        return channel

    async def ends(self, channel: ChannelId) -> None:
        """Hang up and see it gone."""
        with suppress(ResourceGone):
            await self.telephony.hang_up(channel, cause=16)
        await self.facts.wait(ChannelGone, channel=channel)


@pytest.fixture
async def desk(encrypted_pbx: Pbx) -> AsyncIterator[Desk]:
    """A connected telephony."""
    facts = FactLog(within_s=10.0)
    async with telephony_on(encrypted_pbx, facts) as telephony:
        yield Desk(telephony, facts)


@asynccontextmanager
async def softphone(
    pbx: Pbx, certificate: Path, folder: Path
) -> AsyncIterator[BaresipPhone]:
    """anna's baresip, registered by TLS."""
    sounds = await asyncio.to_thread(make_sounds, folder / "sounds")
    settings = PhoneSettings(
        login="anna",
        secret="password-of-a-test",
        registrar=f"127.0.0.1:{pbx.config.tls_port}",
        sip_port=free_port(udp=True),
        control_port=free_port(),
        rtp_first=min(free_port(udp=True), 60_000) & ~1,
        folder=folder / "anna",
        speech=sounds.folder / "agent.wav",
        certificate=certificate,
    )
    async with BaresipPhone(settings) as phone:
        await phone.registered()
        yield phone


async def test_a_softphone_talks_by_tls_and_srtp(
    desk: Desk, encrypted_pbx: Pbx, certificate: Path, tmp_path: Path
) -> None:
    async with softphone(encrypted_pbx, certificate, tmp_path) as phone:
        agent = await desk.rings("anna")
        call = await asyncio.wait_for(phone.incoming.get(), 5)
        await phone.answer()
        await desk.facts.wait(ChannelAnswered, channel=agent)
        assert await desk.telephony.is_secure(agent)
        customer = ChannelId("c.cust")
        await desk.telephony.originate(
            customer,
            "PJSIP/+79160000000@trunk",
            caller_id="+74951112233",
            timeout_s=5,
            auto_answer=None,
        )
        await desk.facts.wait(ChannelAnswered, channel=customer)
        bridge = BridgeId(f"{encrypted_pbx.config.app_name}-br-1")
        await desk.telephony.open_bridge(bridge)
        await desk.telephony.join(bridge, [customer, agent])
        await desk.facts.wait(ChannelJoined, channel=agent)
        await heard(desk, agent)
        await desk.ends(agent)
        await asyncio.wait_for(call.closed.wait(), 5)
        await desk.ends(customer)
        await desk.telephony.close_bridge(bridge)


async def heard(desk: Desk, channel: ChannelId) -> None:
    """Wait until sound came that could be decrypted."""
    before = await desk.telephony.packets_received(channel)
    async with asyncio.timeout(5):
        while await desk.telephony.packets_received(channel) < before + 20:  # noqa: ASYNC110 - a count has no events
            await asyncio.sleep(0.05)


async def test_a_phone_that_answers_in_the_clear_is_seen(desk: Desk) -> None:
    async with SipPhone(port=PRETENDER_PORT) as phone:
        agent = await desk.rings("boris")
        await desk.facts.wait(ChannelAnswered, channel=agent)
        (invite,) = phone.requests("INVITE")
        assert "RTP/SAVP" in invite.body
        assert "a=crypto:" in invite.body
        # Asterisk says nothing: the channel is up, and nobody would hear anything.
        assert not await desk.telephony.is_secure(agent)
        await desk.ends(agent)
        await until(lambda: bool(phone.requests("BYE")), within_s=5)


def test_an_agents_own_word_on_encryption_wins(tmp_path: Path) -> None:
    pem = make_certificate(tmp_path)
    config = pbx_config(
        tmp_path / "home", phones_tls=True, phones_srtp=True, tls_certificate=pem
    )
    plain = replace(account("carl"), srtp=False)
    what = Provision(shops=(SHOP,), accounts=(account("anna"), plain))
    text = render_provision(what, config)["pjsip_agents.conf"]
    anna, _, carl = text.partition("\n[carl]")
    assert "media_encryption = sdes" in anna
    assert "media_encryption" not in carl


def test_encryption_whose_keys_would_travel_in_the_clear_is_refused(
    tmp_path: Path,
) -> None:
    what = Provision(shops=(SHOP,), accounts=(replace(account("anna"), srtp=True),))
    with pytest.raises(PbxError, match=r"phones\.tls"):
        render_provision(what, pbx_config(tmp_path / "home"))
