"""Calls from the carrier while no engine is there."""

from pathlib import Path

import pytest

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.provision import Provision
from sim.sipp.run import Sipp, SippSettings
from sim.sipp.sounds import make_sounds
from tests.support.ports import free_port
from tests.support.shops import make_account, make_shop
from tests.support.waiting import until

WITHIN_S = 30.0


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What callers and agents say."""
    folder = tmp_path_factory.mktemp("sounds")
    make_sounds(folder)
    return folder


def caller(
    pbx: Pbx, folder: Path, sounds: Path, scenario: str, dialled: str
) -> SippSettings:
    """One call from the carrier's address."""
    return SippSettings(
        scenario=scenario,
        folder=folder / "caller",
        address="127.0.0.2",
        port=free_port(udp=True, host="127.0.0.2"),
        target=f"127.0.0.1:{pbx.config.sip_port}",
        numbers=[f"+79160000001;127.0.0.2;{dialled}"],
        calls=1,
        sounds=sounds,
    )


async def test_with_no_engine_the_shops_queue_rings_its_agents(
    pbx: Pbx, tmp_path: Path, sounds: Path
) -> None:
    phone = free_port(udp=True)
    await pbx.provision(
        Provision(
            shops=(make_shop(),),
            accounts=(make_account("anna"), make_account("boris")),
            contacts={"boris": f"sip:boris@127.0.0.1:{phone}"},
        )
    )
    agents = SippSettings(
        scenario="agents_answer_and_end",
        folder=tmp_path / "agents",
        address="127.0.0.1",
        port=phone,
        pause_ms=300,
        sounds=sounds,
    )
    call = caller(
        pbx, tmp_path, sounds, "caller_waits_for_the_agent_to_end", "+74950000001"
    )
    async with Sipp(agents) as phones, Sipp(call) as customer:
        counts = await customer.finished(within_s=WITHIN_S)
        moments = {moment.what: moment for moment in phones.moments()}
    assert (counts.successful, counts.failed) == (1, 0)
    assert moments["rang"].who == "boris"
    assert moments["rang"].detail == "+79160000001"
    assert "answered" in moments


async def test_a_number_without_its_plus_reaches_the_same_shop(
    pbx: Pbx, tmp_path: Path, sounds: Path
) -> None:
    phone = free_port(udp=True)
    await pbx.provision(
        Provision(
            shops=(make_shop(),),
            accounts=(make_account("boris"),),
            contacts={"boris": f"sip:boris@127.0.0.1:{phone}"},
        )
    )
    agents = SippSettings(
        scenario="agents_answer_and_end",
        folder=tmp_path / "agents",
        address="127.0.0.1",
        port=phone,
        pause_ms=300,
        sounds=sounds,
    )
    call = caller(
        pbx, tmp_path, sounds, "caller_waits_for_the_agent_to_end", "74950000001"
    )
    async with Sipp(agents), Sipp(call) as customer:
        counts = await customer.finished(within_s=WITHIN_S)
    assert (counts.successful, counts.failed) == (1, 0)


async def test_an_unknown_number_is_refused_and_logged(
    pbx: Pbx, tmp_path: Path, sounds: Path
) -> None:
    await pbx.provision(Provision(shops=(make_shop(),)))
    call = caller(
        pbx, tmp_path, sounds, "caller_dials_an_unknown_number", "+74959999999"
    )
    async with Sipp(call) as customer:
        counts = await customer.finished(within_s=WITHIN_S)
        moments = {moment.what for moment in customer.moments()}
    assert (counts.successful, counts.failed) == (1, 0)
    assert "refused" in moments
    assert "answered" not in moments
    log = pbx.config.log_file
    said = "Refused a call to +74959999999: no shop has this number"
    # Asterisk writes its log a moment after it has answered.
    await until(lambda: said in log.read_text(), within_s=WITHIN_S)


async def test_a_caller_without_a_dialled_number_is_refused(
    pbx: Pbx, tmp_path: Path, sounds: Path
) -> None:
    call = caller(pbx, tmp_path, sounds, "caller_dials_an_unknown_number", "nobody")
    async with Sipp(call) as customer:
        await customer.finished(within_s=WITHIN_S)
        assert "answered" not in {moment.what for moment in customer.moments()}
