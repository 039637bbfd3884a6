"""The FastAGI server asked by a real dialplan."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from callengine.asterisk.agi import AgiSettings, FastAgi, identify_with
from callengine.asterisk.ari.http import HttpPool, HttpSettings
from callengine.asterisk.pbx import Pbx
from callengine.asterisk.pbx_config import PROJECT
from callengine.core.facts import CallArrived
from tests.integration.agi.test_agi import Desk
from tests.integration.ari.conftest import telephony_on
from tests.integration.ari.people import customers
from tests.support.facts import FactLog
from tests.support.servers import run_pbx

OWN = Path(__file__).parent / "dialplan"
PERSON = "PJSIP/+79160000000@trunk"


@pytest.fixture(scope="module")
def asking_pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """An Asterisk with a dialplan that asks, and somebody to make it ask."""
    with (
        run_pbx(dialplan_dirs=(PROJECT / "dialplan", OWN)) as pbx,
        customers(pbx, tmp_path_factory.mktemp("sipp")),
    ):
        yield pbx


@pytest.fixture
async def facts(asking_pbx: Pbx) -> AsyncIterator[FactLog]:
    facts = FactLog(within_s=10.0)
    async with telephony_on(asking_pbx, facts):
        yield facts


async def ask(pbx: Pbx, facts: FactLog, script: str) -> tuple[str, str, str]:
    """Let a call run the script: AGISTATUS, CUSTOMER_NAME, QUEUE_NAME."""
    config = pbx.config
    pool = HttpPool(HttpSettings(port=config.ari_port, password=config.ari_password))
    where = f"context=agi-test&extension=1{script}&priority=1"
    target = f"/ari/channels?endpoint={quote(PERSON)}&{where}"
    assert (await pool.request("POST", target)).status == 200
    call = await facts.wait(CallArrived)
    status, name, queue = call.dialled_number.split("/")
    await pool.request("DELETE", f"/ari/channels/{call.channel}")
    await pool.close()
    return status, name, queue


async def test_the_dialplan_gets_its_variables(asking_pbx: Pbx, facts: FactLog) -> None:
    desk = Desk()
    scripts = {"identify": identify_with(desk.look_up)}
    async with FastAgi(AgiSettings(port=asking_pbx.config.agi_port), scripts):
        said = await ask(asking_pbx, facts, "identify")
    assert said == ("SUCCESS", "Анна Нюра CHANNEL O'Neil", "teplo")
    assert desk.asked is not None
    assert desk.asked[0] == "+74951112233"


async def test_an_unknown_script_lets_the_call_go_on(
    asking_pbx: Pbx, facts: FactLog
) -> None:
    async with FastAgi(AgiSettings(port=asking_pbx.config.agi_port), {}):
        assert await ask(asking_pbx, facts, "nonsense") == ("SUCCESS", "", "")


async def test_a_slow_look_up_lets_the_call_go_on(
    asking_pbx: Pbx, facts: FactLog
) -> None:
    desk = Desk(waits=asyncio.Event())
    scripts = {"identify": identify_with(desk.look_up)}
    settings = AgiSettings(port=asking_pbx.config.agi_port, within_s=0.1)
    async with FastAgi(settings, scripts):
        assert await ask(asking_pbx, facts, "identify") == ("SUCCESS", "", "")


async def test_without_an_engine_the_call_goes_on(
    asking_pbx: Pbx, facts: FactLog
) -> None:
    assert await ask(asking_pbx, facts, "identify") == ("FAILURE", "", "")
