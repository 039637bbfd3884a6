"""The checks of `callengine doctor`, each a small question with one answer."""

import asyncio
import os
import platform
import resource
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from callengine import __version__
from callengine.asterisk.pbx_config import PbxError
from callengine.asterisk.pbx_find import find_asterisk
from callengine.asterisk.pbx_ports import Port, holder, is_free
from callengine.asterisk.pbx_process import remembered
from callengine.boot.certificates import tls_finding
from callengine.boot.findings import Finding, Level
from callengine.boot.instance import behind, is_instance
from callengine.boot.managed_pbx import pbx_config
from callengine.boot.secrets import Secrets, SecretsError, load_secrets, secrets_path
from callengine.boot.settings import Settings
from callengine.shipped import in_a_checkout

OLDEST_PYTHON = (3, 11)
FEWEST_FILES = 4096
"""Per call Asterisk holds about five files."""
ANSWER_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program of the machine: its package, and what cannot be done without it."""

    program: str
    package: str
    purpose: str
    needed: bool = False


TOOLS = (
    Tool("bwrap", "bubblewrap", "a private Asterisk", needed=True),
    Tool("mmdebstrap", "mmdebstrap", "building a private Asterisk"),
    Tool("newuidmap", "uidmap", "building it without rights of root"),
    Tool("setpriv", "util-linux", "processes that end with their owner", needed=True),
    Tool("redis-server", "redis-server", "a Redis on this machine"),
)
CHECKOUT_TOOLS = (
    Tool("sipp", "sip-tester", "simulated callers"),
    Tool("baresip", "baresip-core", "simulated agents"),
    Tool("sox", "sox", "their voices"),
    Tool("espeak-ng", "espeak-ng", "their voices"),
    Tool("chromium", "chromium", "tests of the agent page"),
)
NO_SECRETS = Secrets(ari_password="", ami_password="", admin_token="")
"""Looking needs none, and must not make any."""
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


async def examine(settings: Settings, folder: Path | None = None) -> list[Finding]:
    """
    Answer every question; none of them raises.

    Args:
        folder: of the settings file; it may be an instance.
    """
    findings = [_python(), *_tools(), _asterisk(settings), _sandbox(settings)]
    findings += [await _redis(settings), await _database(settings)]
    findings += [*_ports(settings), _host_name(), _secrets(settings), _open_files()]
    findings += [tls_finding(settings), _instance(folder or Path.cwd())]
    return [finding for finding in findings if finding is not None]


def _python() -> Finding:
    found = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info >= OLDEST_PYTHON:
        return Finding(Level.OK, "Python", found)
    return Finding(Level.MISSING, "Python", found, "sudo apt-get install python3.11")


def _tools() -> Iterator[Finding]:
    versions = _package_versions()
    for tool in TOOLS + (CHECKOUT_TOOLS if in_a_checkout() else ()):
        path = shutil.which(tool.program, path=PATH)
        if path:
            version = versions.get(tool.package, "not by a Debian package")
            yield Finding(Level.OK, tool.program, f"{version}, {path}")
            continue
        level = Level.MISSING if tool.needed else Level.ADVICE
        found = f"missing; needed for {tool.purpose}"
        yield Finding(
            level, tool.program, found, f"sudo apt-get install {tool.package}"
        )


def _package_versions() -> dict[str, str]:
    """Debian package -> version, for those of `TOOLS` that are installed."""
    command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n"]
    try:
        done = subprocess.run(
            [*command, *(tool.package for tool in TOOLS + CHECKOUT_TOOLS)],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    pairs = (line.partition(" ") for line in done.stdout.splitlines())
    return {package: version for package, _, version in pairs if version}


def _asterisk(settings: Settings) -> Finding | None:
    if not settings.pbx.managed:
        return None
    try:
        found = find_asterisk(pbx_config(settings, NO_SECRETS))
    except PbxError as error:
        text, _, mend = str(error).partition(" Do: ")
        return Finding(
            Level.MISSING, "Asterisk", text, mend or "callengine pbx install"
        )
    where = f"private root {found.root}" if found.root else str(found.binary)
    return Finding(Level.OK, "Asterisk", f"{found.version}, {where}")


def _sandbox(settings: Settings) -> Finding | None:
    """Some machines forbid ordinary users the namespaces that bwrap needs."""
    bwrap = shutil.which("bwrap")
    if not settings.pbx.managed or bwrap is None:
        return None
    code = os.spawnv(os.P_WAIT, bwrap, [bwrap, "--ro-bind", "/", "/", "true"])
    if code == 0:
        return Finding(Level.OK, "sandbox", "bwrap may make namespaces")
    return Finding(
        Level.MISSING,
        "sandbox",
        "bwrap may not make user namespaces",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1"
        " kernel.apparmor_restrict_unprivileged_userns=0",
    )


async def _redis(settings: Settings) -> Finding:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    async def ask() -> str:
        async with Redis.from_url(settings.redis_url) as client:
            info = await client.info("server")
            return f"{info['redis_version']} at {_without_password(settings.redis_url)}"

    mend = "start it (sudo systemctl start redis-server), or set redis_url"
    return await _reachable("Redis", ask, (RedisError, OSError, ValueError), mend)


async def _database(settings: Settings) -> Finding:
    from callengine.engine.ports import StoreDown
    from callengine.store import Database
    from callengine.store.migrate import SchemaMismatch, newest, require_current

    async def ask() -> str:
        _demand_file(settings.database_url)
        database = Database.open(settings.database_url)
        try:
            await require_current(database)
        finally:
            await database.close()
        return f"schema {newest()} at {_without_password(settings.database_url)}"

    expected = (StoreDown, SchemaMismatch, ValueError, OSError)
    return await _reachable("database", ask, expected, "callengine migrate")


def _demand_file(url: str) -> None:
    """Connecting would make an empty SQLite file; looking must not."""
    scheme, _, path = url.partition(":///")
    if scheme.startswith("sqlite") and not Path(path.split("?")[0]).exists():
        raise FileNotFoundError(f"{path} will be made by the first migration")


async def _reachable(
    name: str,
    ask: Callable[[], Awaitable[str]],
    expected: tuple[type[Exception], ...],
    mend: str,
) -> Finding:
    """Only advice: a machine may be examined before its servers are started."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return Finding(Level.OK, name, await ask())
    except TimeoutError:
        found = f"no answer within {ANSWER_WITHIN_S:.0f} s"
    except expected as error:
        found = str(error)
    return Finding(Level.ADVICE, name, found, mend)


def _ports(settings: Settings) -> Iterator[Finding]:
    ports = [
        Port("api.port", settings.api.host, settings.api.port),
        Port("agi.port", settings.agi.host, settings.agi.port),
    ]
    ours_is_up = False
    if settings.pbx.managed:
        ports += [
            Port("ari.port", settings.ari.host, settings.ari.port),
            Port("ami.port", settings.ami.host, settings.ami.port),
            Port("sip.port", settings.sip.host, settings.sip.port, udp=True),
        ]
        try:
            ours_is_up = remembered(pbx_config(settings, NO_SECRETS)) is not None
        except PbxError:
            ours_is_up = False
    for port in ports:
        yield _port(port, ours_is_up=ours_is_up)


def _port(port: Port, *, ours_is_up: bool) -> Finding:
    name = f"{port.key} {port.number}"
    try:
        if is_free(port):
            return Finding(Level.OK, name, "free")
    except OSError as error:
        return Finding(Level.MISSING, name, str(error), f"set {port.key} and its host")
    taken_by = holder(port)
    ours = taken_by.startswith("asterisk ") and ours_is_up
    if ours or "callengine" in taken_by:
        return Finding(Level.OK, name, f"ours: {taken_by}")
    return Finding(
        Level.MISSING, name, f"taken by {taken_by}", f"stop it, or set {port.key}"
    )


def _host_name() -> Finding:
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        return Finding(
            Level.ADVICE,
            "host name",
            f"{name} does not resolve; an Asterisk of your own would wait 5 s per call",
            f"echo '127.0.1.1 {name}' | sudo tee -a /etc/hosts",
        )
    return Finding(Level.OK, "host name", f"{name} is {address}")


def _secrets(settings: Settings) -> Finding:
    path = secrets_path(settings.var_dir)
    if not path.exists():
        return Finding(Level.OK, "secrets", f"{path} will be made at the first start")
    try:
        load_secrets(settings.var_dir)
    except (SecretsError, OSError) as error:
        return Finding(Level.MISSING, "secrets", str(error), f"chmod 600 {path}")
    mode = stat.S_IMODE(path.stat().st_mode)
    return Finding(Level.OK, "secrets", f"{path}, mode {mode:o}")


def _instance(folder: Path) -> Finding | None:
    """Whether the admin's copies of the package's files are of this version."""
    if not is_instance(folder):
        return None
    if version := behind(folder):
        found = f"{folder} was laid out by callengine {version}, this is {__version__}"
        return Finding(Level.ADVICE, "instance", found, f"callengine init {folder}")
    return Finding(Level.OK, "instance", f"{folder}, callengine {__version__}")


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = f"{soft} (may be raised to {hard})"
    if hard == resource.RLIM_INFINITY or hard >= FEWEST_FILES:
        return Finding(Level.OK, "open files", found)
    return Finding(
        Level.ADVICE,
        "open files",
        f"{found}; enough for {hard // 5} calls",
        "set LimitNOFILE=65536 in the service, or nofile in /etc/security/limits.conf",
    )


def _without_password(url: str) -> str:
    """A URL as it may be shown."""
    scheme, separator, rest = url.partition("://")
    user, at, address = rest.rpartition("@")
    return f"{scheme}{separator}{user.split(':')[0]}{at}{address}"
