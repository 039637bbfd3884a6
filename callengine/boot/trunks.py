"""The trunks of the settings, as the core and as Asterisk need them."""

from collections.abc import Mapping

from callengine.asterisk.peers import TrunkPeer
from callengine.boot.settings import Settings
from callengine.boot.trunk_passwords import TrunkPasswords, load_passwords
from callengine.boot.trunk_sections import TrunkNumbers, TrunkSection
from callengine.core.recycling.fates import TrunkMap
from callengine.core.trunks.formats import NumberFormat, NumberRules
from callengine.core.trunks.trunk import ShownNumber, Trunk

ONLY = "trunk"
"""The name of the trunk that the short form `[trunk]` describes."""


def trunks_of(settings: Settings) -> dict[str, Trunk]:
    """Make what the core knows of each trunk, in the order of the file."""
    if not settings.trunks:
        # An Asterisk of the admin's own has trunks that the settings need not name.
        return {ONLY: Trunk(name=ONLY)} if settings.pbx.managed else {}
    return {section.name: _trunk(section) for section in settings.trunks}


def peers_of(settings: Settings) -> tuple[TrunkPeer, ...]:
    """
    Make what Asterisk is told of each trunk; none for the short form.

    Raises:
        SecretsError: a password is missing or open to others.
        PbxError: a value that Asterisk's files cannot hold.
    """
    sections = settings.trunks or ()
    passwords = load_passwords(sections, settings.var_dir)
    return tuple(_peer(section, passwords) for section in sections)


def _trunk(section: TrunkSection) -> Trunk:
    return Trunk(
        name=section.name,
        numbers=_numbers(section.numbers),
        takes=section.takes,
        refuses=section.refuses,
        tech_prefix=section.tech_prefix,
        shown=tuple(
            ShownNumber(number=one.number, shops=one.shops, to=one.to)
            for one in section.shows
        ),
        channels=section.channels,
        calls_per_s=section.calls_per_s,
        cost=section.cost,
        codes=TrunkMap(by_sip=section.codes.sip, by_cause=section.codes.cause),
        believes=section.caller != "none",
    )


def _peer(section: TrunkSection, passwords: Mapping[str, TrunkPasswords]) -> TrunkPeer:
    own = passwords[section.name]
    return TrunkPeer(
        name=section.name,
        kind=section.kind,
        host=section.host,
        port=section.port,
        transport=section.transport,
        outbound_proxy=section.outbound_proxy,
        user=section.user,
        auth_user=section.auth_user,
        password=own.ours,
        contact_user=section.contact_user,
        from_user=section.from_user,
        from_domain=section.from_domain,
        addresses=section.addresses,
        inbound_password=own.theirs,
        srtp=section.srtp,
        codecs=section.codecs,
        asserts=section.caller == "asserted",
        identity=section.identity,
        qualify_s=section.qualify_s,
        expires_s=section.expires_s,
        numbers=_numbers(section.numbers),
    )


def _numbers(section: TrunkNumbers) -> NumberRules:
    receive = section.receive
    return NumberRules(
        region=section.region,
        send=section.send,
        show=section.show,
        receive=receive if isinstance(receive, NumberFormat) else None,
        abroad=section.abroad,
        area=section.area,
        arriving_prefix=section.arriving_prefix,
    )
