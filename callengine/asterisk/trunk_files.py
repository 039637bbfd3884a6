"""
The trunks' two files: who the carriers are, and where their calls come in.

They follow from the settings alone, so an Asterisk has its trunks from its first start.
"""

from collections.abc import Sequence

from callengine.asterisk.pbx_config import PbxConfig
from callengine.asterisk.peers import OWN, TrunkPeer
from callengine.asterisk.templating import environment

TRUNK_FILES = ("pjsip_trunks.conf", "extensions_trunks.conf")


def render_trunks(config: PbxConfig) -> dict[str, str]:
    """Make the files, by name."""
    made = environment()
    peers = [peer for peer in config.peers if peer.kind != OWN]
    values = {"pbx": config, "trunks": peers, "identified": identified(peers)}
    return {
        name: made.get_template(f"{name}.j2").render(values) for name in TRUNK_FILES
    }


def identified(peers: Sequence[TrunkPeer]) -> dict[str, list[str]]:
    """
    Say by which addresses each trunk is known.

    Accounts at one carrier share its address: there the first is taken for all whose
    calls do not carry the mark of their registration.
    """
    taken: set[str] = set()
    found: dict[str, list[str]] = {}
    for peer in peers:
        own = [address for address in peer.known_at if address not in taken]
        taken.update(own)
        if own:
            found[peer.name] = own
    return found
