"""The tables of the settings file, one class each; `settings.py` puts them together."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from callengine.core.records import Outcome


def _ip(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(
            f"{value!r} is no IP address; write one such as 127.0.0.1"
        ) from None


_beside: ContextVar[Path | None] = ContextVar("beside", default=None)


@contextmanager
def beside(file: Path | None) -> Iterator[None]:
    """Take relative paths against the folder of that file; None: where we are."""
    token = _beside.set(file.absolute().parent if file else None)
    try:
        yield
    finally:
        _beside.reset(token)


def absolute(path: Path) -> Path:
    """Against the folder of the settings file, with `~` for the home."""
    base = _beside.get()
    path = path.expanduser()
    return base / path if base else path.absolute()


def _if_given(path: Path | None) -> Path | None:
    return absolute(path) if path else None


def _network(value: str) -> str:
    try:
        return str(ip_network(value.strip(), strict=False))
    except ValueError:
        raise ValueError(
            f"{value!r} is no address or network; write one such as 127.0.0.1 or"
            " 10.0.0.0/24"
        ) from None


Network = Annotated[str, AfterValidator(_network)]
Port = Annotated[int, Field(ge=1, le=65535)]
Address = Annotated[str, AfterValidator(_ip)]
Folder = Annotated[Path, Field(validate_default=True), AfterValidator(absolute)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/;]+$")]


class Section(BaseModel):
    """A table of the settings file: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ApiSettings(Section):
    """Where shops, agents' desktops and monitors reach the engine."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    trusted_proxies: Annotated[list[Network], Field(max_length=50)] = []
    """Addresses of proxies that tell who asks, and by HTTPS or not."""


class AriSettings(Section):
    """Asterisk's REST interface: call control."""

    host: Host = "127.0.0.1"
    port: Port = 8088
    user: Name = "callengine"


class AmiSettings(Section):
    """Asterisk's manager interface: contact and device state, read-only."""

    host: Host = "127.0.0.1"
    port: Port = 5038
    user: Name = "callengine"


class AgiSettings(Section):
    """Our FastAGI server, which the admin's own dialplan may ask."""

    host: Host = "127.0.0.1"
    port: Port = 4573


class SipSettings(Section):
    """Where the managed Asterisk listens for SIP."""

    host: Address = "127.0.0.1"
    port: Port = 5060
    tls_port: Port = 5061
    tls_certificate: Annotated[Path | None, AfterValidator(_if_given)] = None
    """PEM file, with the key unless `tls_key` has it."""
    tls_key: Annotated[Path | None, AfterValidator(_if_given)] = None
    tls_ca: Annotated[Path | None, AfterValidator(_if_given)] = None
    """Who signs the carriers' certificates; empty: whom the machine trusts."""


class RtpSettings(Section):
    """The UDP ports that the managed Asterisk takes for media."""

    first_port: Port = 10000
    last_port: Port = 20000

    @model_validator(mode="after")
    def _wide_enough(self) -> Self:
        if self.last_port - self.first_port < 20:
            raise ValueError(
                "last_port must be at least first_port + 20: a call takes four ports"
            )
        if self.first_port % 2:
            raise ValueError("first_port must be even: RTP takes an even port")
        return self


class TrunkSettings(Section):
    """The short form of `[[trunks]]`: one carrier by address, named `trunk`."""

    address: Address = "127.0.0.2"
    """Calls from here are the carrier's; nothing else may send from it."""
    contact: Annotated[str, Field(pattern=r"^sips?:[^\s;<>]+$")] = "sip:127.0.0.2:5080"


class PbxSettings(Section):
    """The Asterisk that `callengine pbx` installs and runs."""

    managed: bool = True
    root_dir: Folder = Path(".cache/asterisk-root")
    binary: str = ""
    """An `asterisk` to run instead of looking for one."""
    suite: Name = "sid"
    """Debian suite that the private root is built from."""
    mirror: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Debian archive to build it from; empty: mmdebstrap's choice."""
    queue_log: Annotated[Path | None, AfterValidator(_if_given)] = None
    """Of an Asterisk that is not ours: fallback calls are booked from it."""
    conf_dir: Folder = Path("asterisk-conf")
    """Own configuration files; by name they win over those of the package."""
    dialplan_dir: Folder = Path("dialplan")
    """Own dialplan, likewise."""
    sounds_dir: Folder = Path("sounds")
    """Own prompts, likewise; played as `sound:callengine/NAME`."""
    provision_dir: Annotated[Path | None, AfterValidator(_if_given)] = None
    """With `managed = false`: where your Asterisk includes the generated files from."""
    max_call_s: Annotated[int, Field(ge=60, le=86400)] = 14400
    """`TIMEOUT(absolute)`: a call forgotten by everybody ends by itself."""

    @model_validator(mode="after")
    def _provisions_its_own(self) -> Self:
        if self.managed and self.provision_dir is not None:
            raise ValueError(
                "provision_dir is for an Asterisk of your own; the managed one has its"
                " place. Remove it, or set managed = false"
            )
        return self


class TimingSettings(Section):
    """The engine's patience."""

    identify_ms: Annotated[int, Field(ge=10, le=10_000)] = 300
    ring_s: Annotated[int, Field(ge=3, le=120)] = 20
    wrap_up_s: Annotated[int, Field(ge=0, le=3600)] = 30
    relax_after_s: Annotated[int, Field(ge=0, le=3600)] = 15
    max_wait_s: Annotated[int, Field(ge=5, le=7200)] = 300


class PhonesSettings(Section):
    """Agents' phones and lines that may fail."""

    pick_up_ms: Annotated[int, Field(ge=200, le=1900)] = 1500
    """A phone that answers by itself has done so within this."""
    pause_when_busy: bool = True
    """Whether an agent is paused whose phone says that it is busy."""
    lost_after_s: Annotated[int, Field(ge=6, le=3600)] = 20
    """A phone or caller from whom no packet comes is given up after this."""
    lost_on_hold_after_s: Annotated[int, Field(ge=30, le=7200)] = 600
    """The same for one who put the call on hold, when phones send nothing."""
    tls: bool = False
    """Phones may register by TLS, at `sip.tls_port`."""
    srtp: bool = False
    """Phones must encrypt their sound; an agent's own `srtp` says otherwise."""

    @model_validator(mode="after")
    def _keys_in_secret(self) -> Self:
        if self.srtp and not self.tls:
            raise ValueError(
                "srtp sends its keys inside SIP, where anybody could read them without"
                " TLS; set phones.tls = true too"
            )
        return self


class DiallingSettings(Section):
    """How orders are dialled."""

    keep_free: Annotated[int, Field(ge=0, le=1000)] = 1
    """Agents that order calls leave free for the next caller."""
    keep_per_caller: Annotated[float, Field(gt=0, le=100)] | None = None
    """Free agents kept for each caller expected until the next agent is free."""
    ring_s: Annotated[int, Field(ge=10, le=120)] = 30
    """How long a customer's phone rings."""
    most_lines: Annotated[int, Field(ge=1, le=10_000)] = 1000
    """Attempts in flight at once, whatever the pacer would like."""
    hang_up_after_s: Annotated[int, Field(ge=10, le=120)] | None = None
    """Ringing phones may be hung up on after this when no agent is expected."""


def _unanswered(outcome: Outcome) -> Outcome:
    if outcome not in TURNED_AWAY:
        words = ", ".join(sorted(TURNED_AWAY))
        raise ValueError(f"{outcome.value!r} takes an answer; use one of {words}")
    return outcome


TURNED_AWAY = frozenset(Outcome) - {Outcome.BRIDGED, Outcome.NUISANCE, Outcome.MACHINE}
"""What a carrier's code may mean: nobody has answered."""

Meaning = Annotated[Outcome, AfterValidator(_unanswered)]


class TrunkCodes(Section):
    """What a carrier means by its codes, where it is not what others mean."""

    sip: dict[Annotated[int, Field(ge=300, le=699)], Meaning] = {}
    """By SIP response."""
    cause: dict[Annotated[int, Field(ge=1, le=127)], Meaning] = {}
    """By Q.850 cause, where the response says nothing."""


class OutboxSettings(Section):
    """Messages to shops and logistics."""

    allow_private: bool = False
    """Receivers on private and loopback addresses; the demo's are."""


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    pii: Literal["hide", "show"] = "hide"
    """Whether fields that begin with `pii_` keep their value."""
