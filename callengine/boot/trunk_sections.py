"""`[[trunks]]` of the settings file: the carriers, and how each is dealt with."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, model_validator

from callengine.boot.sections import Host, Name, Section, TrunkCodes, absolute
from callengine.core.trunks.formats import NumberFormat


def _beginning(text: str) -> str:
    if not (text.startswith("+") and text[1:].isascii() and text[1:].isdigit()):
        raise ValueError(
            f"{text!r} is no beginning of a number; write + and digits, such as +7495"
        )
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False)) if "/" in text else text
    except ValueError:
        raise ValueError(
            f"{text!r} is no network; write one such as 203.0.113.0/28"
        ) from None


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else absolute(path)


def _region(text: str) -> str:
    if text not in SUPPORTED_REGIONS:
        raise ValueError(f"{text!r} is no region; use two capitals such as RU or UA")
    return text


Beginnings = Annotated[
    tuple[Annotated[str, AfterValidator(_beginning)], ...], Field(max_length=1000)
]
Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{3,14}$")]
Word = Annotated[str, Field(max_length=128, pattern=r"^[!-~]*$")]
Digits = Annotated[str, Field(max_length=16, pattern=r"^[0-9]*$")]


class TrunkNumbers(Section):
    """How the carrier writes numbers."""

    region: Annotated[str, AfterValidator(_region)] = "RU"
    """Whose national numbers it means."""
    send: NumberFormat = NumberFormat.PLUS
    show: NumberFormat = NumberFormat.PLUS
    receive: NumberFormat | Literal["any"] = "any"
    abroad: Digits = ""
    area: Digits = ""
    arriving_prefix: Annotated[str, Field(max_length=16, pattern=r"^[0-9*#]*$")] = ""


class TrunkShows(Section):
    """A number that the carrier lets us show."""

    number: Number
    shops: tuple[Name, ...] = ()
    to: Beginnings = ()


class TrunkSection(Section):
    """One connection to a carrier."""

    name: Name
    kind: Literal["address", "register", "digest", "own"] = "address"
    host: Annotated[str, Field(max_length=253, pattern=r"^[^\s/;@]*$")] = ""
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    transport: Literal["udp", "tcp", "tls"] = "udp"
    outbound_proxy: Annotated[str, Field(pattern=r"^(sips?:[^\s<>]+)?$")] = ""
    user: Word = ""
    auth_user: Word = ""
    password_file: Annotated[Path | None, AfterValidator(_absolute)] = None
    contact_user: Word = ""
    from_user: Word = ""
    from_domain: Host | Literal[""] = ""
    addresses: Annotated[
        tuple[Annotated[str, AfterValidator(_network)], ...], Field(max_length=100)
    ] = ()
    inbound_login: bool = False
    srtp: bool = False
    codecs: Annotated[
        tuple[Literal["alaw", "ulaw", "gsm"], ...], Field(min_length=1)
    ] = ("alaw", "ulaw")
    caller: Literal["asserted", "from", "none"] = "asserted"
    identity: Literal["pai", "rpid", "from"] = "pai"
    qualify_s: Annotated[int, Field(ge=0, le=3600)] = 30
    expires_s: Annotated[int, Field(ge=60, le=86400)] = 300
    numbers: TrunkNumbers = TrunkNumbers()
    takes: Beginnings = ()
    refuses: Beginnings = ()
    tech_prefix: Annotated[str, Field(pattern=r"^[0-9*#]{0,16}$")] = ""
    shows: Annotated[tuple[TrunkShows, ...], Field(max_length=1000)] = ()
    channels: Annotated[int, Field(ge=1, le=10_000)] | None = None
    calls_per_s: Annotated[float, Field(gt=0, le=1000)] | None = None
    cost: Annotated[int, Field(ge=1, le=9)] = 5
    codes: TrunkCodes = TrunkCodes()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        name = f"trunk {self.name}"
        if self.kind != "own" and not self.host:
            raise ValueError(f"{name} needs a host: the carrier's name or address")
        if self.kind in ("register", "digest") and not self.user:
            raise ValueError(f"{name} needs a user, since it logs in ({self.kind})")
        if self.kind == "address" and self.user:
            raise ValueError(
                f"{name} is known by address alone and has a user; make it"
                ' kind = "register" or "digest", or remove user'
            )
        if self.srtp and self.transport != "tls":
            raise ValueError(
                f"{name}: srtp needs transport tls, or its keys travel in the clear"
            )
        return self
