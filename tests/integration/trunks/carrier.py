"""A carrier on an Asterisk of its own, and an Asterisk of ours that is its customer."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.pbx_config import PbxConfig
from callengine.asterisk.peers import ADDRESS, DIGEST, REGISTER, TrunkPeer
from callengine.asterisk.provision import Provision
from callengine.core.trunks.formats import NumberFormat, NumberRules
from callengine.core.trunks.trunk import Trunk
from tests.support.authority import Authority
from tests.support.ports import free_port
from tests.support.servers import run_pbx
from tests.support.shops import make_account, make_shop

FOLDER = Path(__file__).with_name("provider")
DEFAULTS = PbxConfig.__dataclass_fields__
SECURE_AT = "127.0.0.16"
PASSWORDS = (
    "what-the-account-says",
    "what;tcp#says",
    "what-secure-says",
    "what-we-say-at-login",
    "what-the-carrier-says",
)
NATIONAL = NumberRules(
    region="RU", send=NumberFormat.NATIONAL, show=NumberFormat.NATIONAL
)
DIGITS = NumberRules(region="RU", send=NumberFormat.DIGITS, show=NumberFormat.DIGITS)


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A trunk of ours and how the carrier calls back by it.

    Attributes:
        calls_us: what the carrier dials, `{}` for the number.
    """

    peer: TrunkPeer
    calls_us: str

    @property
    def trunk(self) -> Trunk:
        """The same as the core knows it."""
        return Trunk(name=self.peer.name, numbers=self.peer.numbers)


def kinds(port: int, tls_port: int) -> dict[str, Kind]:
    """Make a trunk of each kind towards a carrier at these ports."""
    login, account, tcp, secure, line = (
        TrunkPeer(
            name="login",
            kind=DIGEST,
            host="127.0.0.14",
            port=port,
            user="login",
            password="what-we-say-at-login",
            inbound_password="what-the-carrier-says",
            numbers=DIGITS,
        ),
        TrunkPeer(
            name="account",
            kind=REGISTER,
            host="127.0.0.13",
            port=port,
            user="84950000001",
            from_user="84950000001",
            password="what-the-account-says",
            numbers=NATIONAL,
        ),
        TrunkPeer(
            name="tcp",
            kind=REGISTER,
            host="127.0.0.15",
            port=port,
            transport="tcp",
            user="tcp0001",
            from_user="tcp0001",
            contact_user="+74950000001",
            password="what;tcp#says",
        ),
        TrunkPeer(
            name="secure",
            kind=REGISTER,
            host=SECURE_AT,
            port=tls_port,
            transport="tls",
            srtp=True,
            user="secure01",
            from_user="secure01",
            contact_user="4950000001",
            password="what-secure-says",
            outbound_proxy=f"sip:{SECURE_AT}:{tls_port};transport=tls",
        ),
        TrunkPeer(name="line", kind=ADDRESS, host="127.0.0.12", port=port),
    )
    refused = replace(account, name="refused", user="tcp0001", from_user="")
    return {
        "line": Kind(line, "PJSIP/{}@line"),
        "account": Kind(account, "PJSIP/84950000001"),
        "login": Kind(login, "PJSIP/{}@login"),
        "tcp": Kind(tcp, "PJSIP/tcp0001"),
        "secure": Kind(secure, "PJSIP/secure01"),
        "refused": Kind(refused, "PJSIP/nobody"),
    }


@dataclass(frozen=True, slots=True)
class Connected:
    """Both sides."""

    ours: Pbx
    carrier: Pbx
    kinds: dict[str, Kind]

    def noted(self, pattern: str) -> list[tuple[str, ...]]:
        """What the carrier's dialplan noted, by the groups of a pattern."""
        log = self.carrier.config.log_file.read_text()
        return re.findall(pattern, log, re.MULTILINE)


@contextmanager
def connected(folder: Path) -> Iterator[Connected]:
    """Run both; one shop at +74950000001, an agent who is away."""
    authority = Authority(folder)
    our_port, port = free_port(udp=True), free_port(udp=True)
    tls_port = free_port(host=SECURE_AT)
    trunks = kinds(port, tls_port)
    own = DEFAULTS["conf_dirs"].default_factory()  # type: ignore[misc]
    with (
        run_pbx(
            sip_host="127.0.0.11",
            sip_port=port,
            tls_port=tls_port,
            trunk_contact=f"sip:127.0.0.1:{our_port}",
            trunk_address="127.0.0.1",
            tls_certificate=authority.vouches_for(SECURE_AT),
            tls_ca=authority.certificate,
            conf_dirs=(*own, FOLDER / "asterisk-conf"),
            dialplan_dirs=(FOLDER / "dialplan",),
        ) as carrier,
        run_pbx(
            sip_port=our_port,
            tls_port=free_port(),
            tls_certificate=authority.vouches_for("127.0.0.1"),
            tls_ca=authority.certificate,
            trunks=tuple(kind.peer for kind in trunks.values()),
        ) as ours,
    ):
        what = Provision(shops=(make_shop(),), accounts=(make_account("anna"),))
        asyncio.run(ours.provision(what))
        yield Connected(ours, carrier, trunks)
