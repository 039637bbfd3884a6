"""A call that comes by two branches of a fork is one call."""

import asyncio

import pytest

from tests.contracts.telephony_contract import DIALLED
from tests.integration.phones.conftest import Centre
from tests.support.sip_phone import SipPhone
from tests.support.waiting import until


@pytest.mark.parametrize("later_s", [0.0, 0.05, 0.5])
async def test_two_branches_are_one_call(centre: Centre, later_s: float) -> None:
    peer = (centre.pbx.config.sip_host, centre.pbx.config.sip_port)
    way = centre.carrier
    call_id = way.call(peer, DIALLED, tag="fork", branch=f"one-{later_s}")
    await asyncio.sleep(later_s)
    way.call(peer, DIALLED, tag="fork", branch=f"two-{later_s}", call_id=call_id)
    await until(lambda: finals(way) >= 2, within_s=5)
    assert sorted(code for code in way.responses() if code >= 200) == [200, 480]
    await until(lambda: len(centre.engine.pool.calls) == 1, within_s=5)
    assert len(centre.engine.pool.by_channel) == 1


async def test_two_branches_by_different_proxies_are_one_call(centre: Centre) -> None:
    peer = (centre.pbx.config.sip_host, centre.pbx.config.sip_port)
    async with SipPhone(host="127.0.0.2") as other:
        call_id = centre.carrier.call(peer, DIALLED, tag="proxies", branch="left")
        other.call(peer, DIALLED, tag="proxies", branch="right", call_id=call_id)
        ways = (centre.carrier, other)
        await until(lambda: sum(map(finals, ways)) >= 2, within_s=5)
        codes = [code for way in ways for code in way.responses() if code >= 200]
        assert sorted(codes) == [200, 480]
        assert len(centre.engine.pool.by_channel) == 1


async def test_two_calls_of_one_caller_are_two(centre: Centre) -> None:
    await centre.calls_in()
    await centre.calls_in()
    assert len(centre.engine.pool.calls) == 2


async def test_the_same_call_after_the_first_branch_was_given_up_is_taken(
    centre: Centre,
) -> None:
    peer = (centre.pbx.config.sip_host, centre.pbx.config.sip_port)
    call_id = centre.carrier.call(peer, DIALLED, tag="again", branch="first")
    await until(lambda: len(centre.engine.pool.calls) == 1, within_s=5)
    centre.carrier.bye()
    await until(lambda: not centre.engine.pool.calls, within_s=5)
    centre.carrier.call(peer, DIALLED, tag="again", branch="second", call_id=call_id)
    await until(lambda: len(centre.engine.pool.calls) == 1, within_s=5)


def finals(phone: SipPhone) -> int:
    """Count final responses."""
    return sum(code >= 200 for code in phone.responses())
