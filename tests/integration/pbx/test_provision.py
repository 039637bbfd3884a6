"""Agents, queues and numbers reach a running Asterisk without a restart."""

import re

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.provision import Provision, diff_provision, render_provision
from tests.support.shops import make_account, make_shop


async def started_at(pbx: Pbx) -> str:
    """When this Asterisk booted, in its own words."""
    found = re.search(r"Startup time: *(\S+)", await pbx.console("core show settings"))
    assert found is not None
    return found.group(1)


async def test_a_new_agent_can_be_rung_without_a_restart(pbx: Pbx) -> None:
    await pbx.provision(Provision(shops=(make_shop(),)))
    before = await started_at(pbx)
    assert "No objects" in await pbx.console("pjsip show endpoint vera") or (
        "Unable to find" in await pbx.console("pjsip show endpoint vera")
    )

    commands = await pbx.provision(
        Provision(shops=(make_shop(),), accounts=(make_account("vera"),))
    )

    assert commands == (
        "module reload res_pjsip.so",
        "dialplan reload",
        "queue reload all",
    )
    assert "vera/vera" in await pbx.console("pjsip show endpoint vera")
    assert "PJSIP/vera" in await pbx.console("queue show north")
    assert await started_at(pbx) == before


async def test_an_agent_who_left_is_gone_from_phones_and_queues(pbx: Pbx) -> None:
    shops = (make_shop(),)
    await pbx.provision(
        Provision(shops=shops, accounts=(make_account("vera"), make_account("zoya")))
    )
    await pbx.provision(Provision(shops=shops, accounts=(make_account("zoya"),)))
    assert "Unable to find" in await pbx.console("pjsip show endpoint vera")
    assert "PJSIP/vera" not in await pbx.console("queue show north")
    assert "PJSIP/zoya" in await pbx.console("queue show north")


async def test_a_number_that_moved_rings_its_new_shop(pbx: Pbx) -> None:
    south = make_shop(shop="south", queue="south", numbers=("+74950000002",))
    await pbx.provision(Provision(shops=(make_shop(), south)))
    await pbx.provision(
        Provision(
            shops=(
                make_shop(numbers=("+74950000009",)),
                make_shop(shop="south", queue="south"),
            )
        )
    )
    plan = await pbx.console("dialplan show +74950000001@from-trunk")
    assert "SHOP_QUEUE=south" in plan


async def test_the_same_again_writes_and_reloads_nothing(pbx: Pbx) -> None:
    what = Provision(shops=(make_shop(),), accounts=(make_account("vera"),))
    await pbx.provision(what)
    assert await pbx.provision(what) == ()
    files = render_provision(what, pbx.config)
    assert diff_provision(files, pbx.config.provisioned) == ""
