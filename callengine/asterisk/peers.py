"""Trunks as Asterisk knows them: where the carrier is, how each side proves itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network

from callengine.asterisk.pbx_error import PbxError
from callengine.core.trunks.formats import NumberRules

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
USER = re.compile(r"[A-Za-z0-9+_.!~*'()&=$,%-]{1,80}")
CREDENTIAL = re.compile(r"[!-~]{1,128}")
PROXY = re.compile(r"sips?:[!-~]{1,200}")

ADDRESS = "address"
REGISTER = "register"
DIGEST = "digest"
OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkPeer:
    """
    The carrier's end of a trunk. Passwords are never shown by `repr`.

    Attributes:
        kind: address: known by its address alone; register: we log in and stay so;
            digest: each call proves itself; own: the admin's Asterisk has it already.
        host: the carrier's name or address.
        contact: the whole address, where `host` and `port` do not say it.
        port: 0 for what its name says, or the usual one.
        user: whom we log in as; `auth_user` where the log-in has another name.
        password: ours.
        contact_user: what the carrier is to dial when it calls us.
        from_user, from_domain: what stands in From; '' for the number we show.
        addresses: calls from here are the carrier's; networks are allowed.
        inbound_password: the carrier logs in with it, under the trunk's name.
        asserts: the carrier's P-Asserted-Identity and Remote-Party-ID are believed.
        identity: pai, rpid or from: where our number is shown.
        qualify_s: seconds between two questions whether it answers; 0 for never.
    """

    name: str
    kind: str = ADDRESS
    host: str = ""
    contact: str = ""
    port: int = 0
    transport: str = "udp"
    outbound_proxy: str = ""
    user: str = ""
    auth_user: str = ""
    password: str = field(default="", repr=False)
    contact_user: str = ""
    from_user: str = ""
    from_domain: str = ""
    addresses: tuple[str, ...] = ()
    inbound_password: str = field(default="", repr=False)
    srtp: bool = False
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    asserts: bool = True
    identity: str = "pai"
    qualify_s: int = 30
    expires_s: int = 300
    numbers: NumberRules = field(default_factory=NumberRules)

    def __post_init__(self) -> None:
        """Refuse what would change the meaning of Asterisk's files."""
        self._demand("name", NAME, self.name)
        if self.kind == OWN:
            return
        if not self.contact:
            self._demand("host", HOST, self.host)
        for key, pattern in (
            ("contact", PROXY),
            ("outbound_proxy", PROXY),
            ("user", USER),
            ("auth_user", CREDENTIAL),
            ("contact_user", USER),
            ("from_user", USER),
            ("from_domain", HOST),
        ):
            if getattr(self, key):
                self._demand(key, pattern, getattr(self, key))
        for key in ("password", "inbound_password"):
            if getattr(self, key) and not CREDENTIAL.fullmatch(getattr(self, key)):
                raise PbxError(
                    f"The {key} of trunk {self.name} must be 1 to 128 letters, digits"
                    " and signs of ASCII, without spaces."
                )
        for address in self.addresses:
            try:
                ip_network(address, strict=False)
            except ValueError:
                self._demand("addresses", HOST, address)

    def _demand(self, key: str, pattern: re.Pattern[str], value: str) -> None:
        if not pattern.fullmatch(value):
            raise PbxError(
                f"{key} of trunk {self.name} is {value!r}; Asterisk's files can hold"
                f" only {pattern.pattern}."
            )

    @property
    def uri(self) -> str:
        """Where calls go."""
        return escaped(self.contact) or f"sip:{self._place}{self._by}"

    @property
    def account(self) -> str:
        """Whose binding we register."""
        return f"sip:{self.user}@{self.from_domain or self.host}{self._by}"

    @property
    def proxy(self) -> str:
        """The outbound proxy, as a loose route."""
        has_lr = ";lr" in self.outbound_proxy
        return escaped(self.outbound_proxy + ("" if has_lr else ";lr"))

    @property
    def sends_auth(self) -> bool:
        """Whether we can answer a challenge."""
        return bool(self.password)

    @property
    def takes_auth(self) -> bool:
        """Whether its calls must prove themselves."""
        return bool(self.inbound_password)

    @property
    def known_at(self) -> tuple[str, ...]:
        """Addresses whose calls are taken for the carrier's."""
        if self.takes_auth:
            return ()
        return self.addresses or ((self.host.strip("[]"),) if self.host else ())

    @property
    def _place(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def _by(self) -> str:
        return "" if self.transport == "udp" else f"\\;transport={self.transport}"


def escaped(text: str) -> str:
    """Write a value so that Asterisk takes no semicolon for a comment."""
    return text.replace(";", "\\;")


def check_peers(peers: Sequence[TrunkPeer], own_address: str) -> None:
    """
    Refuse trunks that could not be told apart.

    Raises:
        PbxError: two with one name, or one address of two; ours among them.
    """
    names: set[str] = set()
    owners: dict[str, str] = {}
    for peer in peers:
        if peer.name in names:
            raise PbxError(f"Two trunks are named {peer.name}.")
        names.add(peer.name)
        if peer.kind == OWN:
            continue
        for address in peer.known_at:
            if _holds(address, own_address):
                raise PbxError(
                    f"The address {address} of trunk {peer.name} is Asterisk's own:"
                    " every phone there would be taken for the carrier. Give the trunk"
                    " another one (addresses)."
                )
            other = owners.setdefault(address, peer.name)
            if other != peer.name and peer.kind != REGISTER:
                raise PbxError(
                    f"Trunks {other} and {peer.name} both have the address {address}:"
                    " nobody could tell their calls apart. Give one of them"
                    " inbound_login = true."
                )


def _holds(network: str, address: str) -> bool:
    try:
        return ip_network(address).subnet_of(ip_network(network, strict=False))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
