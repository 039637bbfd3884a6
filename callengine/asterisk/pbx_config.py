"""What must be known to run an Asterisk: plain values, checked once."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from callengine.asterisk.pbx_error import PbxError as PbxError
from callengine.asterisk.peers import TrunkPeer, check_peers
from callengine.shipped import shipped

PROJECT = Path(__file__).resolve().parents[2]

UNSAFE = frozenset("\n\r\0;")
"""Characters that would start a comment or another line in Asterisk's files."""


def _of(name: str) -> tuple[Path, ...]:
    return (shipped(name),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxConfig:
    """
    One managed Asterisk.

    `home` holds everything that it changes: `etc run log spool db data`. Raises
    `PbxError` for a value that cannot be written into Asterisk's files.
    """

    home: Path
    ari_password: str
    ami_password: str
    node: str = "n1"
    ari_host: str = "127.0.0.1"
    ari_port: int = 8088
    ari_user: str = "callengine"
    ami_host: str = "127.0.0.1"
    ami_port: int = 5038
    ami_user: str = "callengine"
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    sip_host: str = "127.0.0.1"
    sip_port: int = 5060
    rtp_first_port: int = 10000
    rtp_last_port: int = 20000
    trunk_address: str = "127.0.0.2"
    trunk_contact: str = "sip:127.0.0.2:5080"
    """The one trunk by address, named `trunk`, where `trunks` names none."""
    trunks: tuple[TrunkPeer, ...] = ()
    tls_port: int = 5061
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    """Whom the other side's certificate must be signed by; None: the machine's list."""
    ring_s: int = 20
    wrap_up_s: int = 30
    max_wait_s: int = 300
    max_call_s: int = 14400
    lost_after_s: int = 20
    """A phone or caller whose sound stopped for so long has vanished."""
    lost_on_hold_after_s: int = 600
    """The same while they hold the call: phones send nothing then."""
    phones_tls: bool = False
    phones_srtp: bool = False
    """Phones whose account does not say otherwise must encrypt their sound."""
    root_dir: Path = PROJECT / ".cache" / "asterisk-root"
    binary: str = ""
    """An `asterisk` to run instead of looking for one."""
    suite: str = "sid"
    """Debian suite that the private root is built from."""
    mirror: str = ""
    """URL of a Debian archive for it; '' for mmdebstrap's choice."""
    conf_dirs: tuple[Path, ...] = field(default_factory=lambda: _of("asterisk-conf"))
    dialplan_dirs: tuple[Path, ...] = field(default_factory=lambda: _of("dialplan"))
    sounds_dirs: tuple[Path, ...] = field(default_factory=lambda: _of("sounds"))
    """Prompts, played as `sound:callengine/NAME`. Later folders win by name."""
    provision_dir: Path | None = None
    """Where an Asterisk that is not ours includes the generated files from."""
    bench: bool = False
    """Whether a call to `bench` reaches the native queue `bench`."""

    def __post_init__(self) -> None:
        """Refuse what would change the meaning of a configuration file."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, str | Path) and UNSAFE & set(str(value)):
                raise PbxError(
                    f"{each.name} must not contain line breaks or semicolons."
                )
        check_peers(self.peers, self.sip_host)

    @property
    def peers(self) -> tuple[TrunkPeer, ...]:
        """The trunks to be written; of an Asterisk that is not ours, those named."""
        if self.trunks or self.provision_dir is not None:
            return self.trunks
        return (
            TrunkPeer(
                name="trunk",
                contact=self.trunk_contact,
                addresses=(self.trunk_address,),
                qualify_s=0,
            ),
        )

    @property
    def transports(self) -> frozenset[str]:
        """What Asterisk must listen to beside UDP: tcp, tls."""
        used = {peer.transport for peer in self.peers if peer.host}
        if self.phones_tls:
            used.add("tls")
        return frozenset(used - {"udp"})

    @property
    def app_name(self) -> str:
        """The node's Stasis application."""
        return f"callengine-{self.node}"

    @property
    def etc(self) -> Path:
        """Where Asterisk's configuration files are rendered."""
        return self.home / "etc"

    @property
    def provisioned(self) -> Path:
        """Where the files generated from the database are."""
        return self.provision_dir or self.etc / "provisioned"

    @property
    def log_file(self) -> Path:
        """Asterisk's warnings and errors."""
        return self.home / "log" / "messages.log"
