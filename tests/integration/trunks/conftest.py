"""An Asterisk of ours with a trunk of each kind, for those who knock at its doors."""

import asyncio
from collections.abc import Iterator

import pytest

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.peers import DIGEST, TrunkPeer
from callengine.asterisk.provision import Provision
from callengine.core.trunks.formats import NumberRules
from tests.support.servers import run_pbx
from tests.support.shops import make_account, make_shop

CARRIER = "127.0.0.2"
CARRIERS_PASSWORD = "what-the-carrier-says"


@pytest.fixture(scope="module")
def ours() -> Iterator[Pbx]:
    """Trunks `line`, by its address, and `branch`, by its log-in; an agent, a shop."""
    trunks = (
        TrunkPeer(name="line", host=CARRIER, qualify_s=0, asserts=False),
        TrunkPeer(
            name="branch",
            kind=DIGEST,
            host="127.0.0.3",
            qualify_s=0,
            inbound_password=CARRIERS_PASSWORD,
            numbers=NumberRules(region="RU", area="495"),
        ),
    )
    with run_pbx(trunks=trunks) as pbx:
        what = Provision(shops=(make_shop(),), accounts=(make_account("anna"),))
        asyncio.run(pbx.provision(what))
        yield pbx
