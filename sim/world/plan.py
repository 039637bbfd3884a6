"""Where a run lives: its folder, ports, secrets, and the settings that follow."""

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Literal

from callengine.asterisk.pbx_config import PROJECT, PbxConfig
from sim.ports import LOWEST, ClaimedRange, claim_udp_range, free_ports

TRUNK_ADDRESS = "127.0.0.2"
BENCH_DIALPLAN = Path(__file__).parents[1] / "bench" / "dialplan"
ASTERISK_RTP_PORTS = 1000
MEDIA_LAST = 60_000
"""Hardly anybody is handed UDP ports by the kernel, so media may use those as well."""
BENCH_RTP_PORTS = 8000
"""At 200 calls/s of 2 s each about 800 legs live, two ports each, and as much spare."""
PHONE_RTP_PORTS = 10
_PREFIX = "CALLENGINE_"

DatabaseKind = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The engine's patience during a run; whole seconds as its settings want."""

    ring_s: int = 6
    wrap_up_s: int = 10
    relax_after_s: int = 5
    max_wait_s: int = 60
    customer_ring_s: int = 10
    keep_free: int = 1
    """Agents kept for callers when orders are dialled."""


def _new_secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    Every place that a run takes; all of it is the run's own.

    Attributes:
        folder: everything that the run writes.
        rtp_first: Asterisk's media ports begin here.
        phones_rtp_first: the phones' media ports begin here, ten each.
        sipp_rtp_first: callers' and customers' media ports begin here.
    """

    folder: Path
    redis_port: int
    postgres_port: int
    api_port: int
    ari_port: int
    ami_port: int
    agi_port: int
    sip_port: int
    trunk_port: int
    rtp_first: int
    rtp_ports: int
    phones_rtp_first: int
    sipp_rtp_first: int
    ari_password: str = field(default_factory=_new_secret, repr=False)
    ami_password: str = field(default_factory=_new_secret, repr=False)
    admin_token: str = field(default_factory=_new_secret, repr=False)
    postgres_password: str = field(default_factory=_new_secret, repr=False)
    database_kind: DatabaseKind = "sqlite"
    timing: Timing = field(default_factory=Timing)
    bench: bool = False
    claims: tuple[ClaimedRange, ...] = field(default=(), repr=False, compare=False)
    """What keeps the media ports ours."""

    @property
    def api_url(self) -> str:
        """Where the engine's HTTP interface is."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def registrar(self) -> str:
        """Where Asterisk takes SIP."""
        return f"127.0.0.1:{self.sip_port}"

    @property
    def database(self) -> Path:
        """The run's SQLite database, if that is its kind."""
        return self.folder / "callengine.db"

    @property
    def database_url(self) -> str:
        """The run's database, of whichever kind."""
        if self.database_kind == "sqlite":
            return f"sqlite+aiosqlite:///{self.database}"
        who = f"callengine:{self.postgres_password}"
        return f"postgresql+asyncpg://{who}@127.0.0.1:{self.postgres_port}/callengine"

    def env(self) -> dict[str, str]:
        """Make the engine's settings, as environment variables."""
        timing = self.timing
        values = {
            "VAR_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "API__PORT": self.api_port,
            "ARI__PORT": self.ari_port,
            "AMI__PORT": self.ami_port,
            "AGI__PORT": self.agi_port,
            "SIP__PORT": self.sip_port,
            "RTP__FIRST_PORT": self.rtp_first,
            "RTP__LAST_PORT": self.rtp_first + self.rtp_ports - 1,
            "TRUNK__ADDRESS": TRUNK_ADDRESS,
            "TRUNK__CONTACT": self.trunk_contact,
            "OUTBOX__ALLOW_PRIVATE": "true",
            "DIALLING__RING_S": timing.customer_ring_s,
            "DIALLING__KEEP_FREE": timing.keep_free,
            "TIMING__RING_S": timing.ring_s,
            "TIMING__WRAP_UP_S": timing.wrap_up_s,
            "TIMING__RELAX_AFTER_S": timing.relax_after_s,
            "TIMING__MAX_WAIT_S": timing.max_wait_s,
        }
        env = {_PREFIX + name: str(value) for name, value in values.items()}
        # Some machines forbid bytecode files; without them each start of a command
        # compiles a thousand modules anew, which takes seconds.
        return env | {"PYTHONDONTWRITEBYTECODE": ""}

    @property
    def trunk_contact(self) -> str:
        """Where Asterisk sends calls for customers."""
        return f"sip:{TRUNK_ADDRESS}:{self.trunk_port}"

    def pbx(self) -> PbxConfig:
        """Make the same settings for our own Asterisk."""
        root = os.environ.get(f"{_PREFIX}PBX__ROOT_DIR")
        return PbxConfig(
            home=self.folder / "pbx",
            root_dir=Path(root) if root else PROJECT / ".cache" / "asterisk-root",
            binary=os.environ.get(f"{_PREFIX}PBX__BINARY", ""),
            ari_password=self.ari_password,
            ami_password=self.ami_password,
            ari_port=self.ari_port,
            ami_port=self.ami_port,
            agi_port=self.agi_port,
            sip_port=self.sip_port,
            rtp_first_port=self.rtp_first,
            rtp_last_port=self.rtp_first + self.rtp_ports - 1,
            trunk_address=TRUNK_ADDRESS,
            trunk_contact=self.trunk_contact,
            ring_s=self.timing.ring_s,
            wrap_up_s=self.timing.wrap_up_s,
            max_wait_s=self.timing.max_wait_s,
            bench=self.bench,
            dialplan_dirs=(
                (PROJECT / "dialplan", BENCH_DIALPLAN)
                if self.bench
                else (PROJECT / "dialplan",)
            ),
        )

    def write_secrets(self) -> None:
        """Write the run's secrets where every command of ours looks for them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "secrets.toml"
        path.touch(mode=0o600)
        path.write_text(
            f'ari_password = "{self.ari_password}"\n'
            f'ami_password = "{self.ami_password}"\n'
            f'admin_token = "{self.admin_token}"\n'
        )


def _media_ports(count: int, *, all_free: bool = True) -> ClaimedRange:
    first = SystemRandom().randrange(LOWEST, MEDIA_LAST - count)
    return claim_udp_range(count, first=first, last=MEDIA_LAST, all_free=all_free)


def make_plan(
    folder: Path,
    *,
    timing: Timing | None = None,
    bench: bool = False,
    database: DatabaseKind = "sqlite",
) -> Plan:
    """Choose free ports and fresh secrets. Raises `OSError` when there are no ports."""
    redis, api, ari, ami, agi, postgres = free_ports(6)
    sip, trunk = (
        free_ports(1, host=host, kind=socket.SOCK_DGRAM)[0]
        for host in ("127.0.0.1", TRUNK_ADDRESS)
    )
    rtp_ports = BENCH_RTP_PORTS if bench else ASTERISK_RTP_PORTS
    rtp = _media_ports(rtp_ports, all_free=False)
    phones, sipp = _media_ports(1000), _media_ports(1000)
    return Plan(
        folder=folder,
        redis_port=redis,
        postgres_port=postgres,
        api_port=api,
        ari_port=ari,
        ami_port=ami,
        agi_port=agi,
        sip_port=sip,
        trunk_port=trunk,
        rtp_first=rtp.first,
        rtp_ports=rtp_ports,
        phones_rtp_first=phones.first,
        sipp_rtp_first=sipp.first,
        claims=(rtp, phones, sipp),
        database_kind=database,
        timing=timing or Timing(),
        bench=bench,
    )
