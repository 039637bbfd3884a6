"""The systemd units of an instance: engine and Asterisk, with a watchdog, fenced in."""

from dataclasses import dataclass
from pathlib import Path

HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlan:
    """
    What the units of an instance say.

    Attributes:
        folder: of the instance, absolute.
        program: the `callengine` to start, absolute.
        user: who runs it, no root.
        var_dir: the only folder that is written to, absolute.
    """

    folder: Path
    program: Path
    user: str
    var_dir: Path


ENGINE = """\
# callengine: the engine. Made by `callengine init`; edit it, or say more in a drop-in.
#
# It needs no order with Asterisk: each waits for the other, and Asterisk's fallback
# queue takes the calls until the engine is there.

[Unit]
Description=callengine, the telephony engine of a contact centre
Wants=network-online.target callengine-asterisk.service
After=network-online.target redis-server.service redis.service postgresql.service
# It is tried for ever: an outage of the database may be long.
StartLimitIntervalSec=0

[Service]
# It says when it is ready. A small parent watches the engine's loop and replaces one
# that hangs; should the parent hang, the watchdog ends both. Calls go on meanwhile.
Type=notify
WatchdogSec=10
{common}
ExecStart={program} --config {config} run
# SIGTERM ends it within 10 s, whatever hangs.
TimeoutStopSec=15
Restart=always
RestartSec=1
# Wrong use, wrong settings, another engine took the node: a start would repeat it.
RestartPreventExitStatus=2 3 4
LimitNOFILE=65536

# What it does not need is not there for it.
{fence}
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""

ASTERISK = """\
# callengine-asterisk: the Asterisk that callengine runs. Not needed with
# `pbx.managed = false`. Made by `callengine init`; edit it, or say more in a drop-in.

[Unit]
Description=Asterisk of callengine
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
{common}
ExecStart={program} --config {config} pbx up --foreground
ExecReload={program} --config {config} pbx reload
# Only our own process is asked to stop: it ends Asterisk, and its calls, in order.
TimeoutStopSec=30
Restart=always
RestartSec=2
LimitNOFILE=65536

# Asterisk runs in a sandbox of its own (bwrap), which needs namespaces and a /proc that
# it may mount: no RestrictNamespaces, ProtectKernelTunables or ProtectProc here.
{fence}

[Install]
WantedBy=multi-user.target
"""

COMMON = """\
User={user}
WorkingDirectory={folder}
UMask=0077
KillMode=mixed"""

FENCE = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome={home}
ReadWritePaths={writable}
PrivateTmp=yes
LockPersonality=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK"""


def units(plan: UnitPlan) -> dict[str, str]:
    """Make both units: file name -> text."""
    at_home = any(
        path.is_relative_to(home)
        for home in HOMES
        for path in (plan.folder, plan.program, plan.var_dir)
    )
    values = {
        "common": COMMON.format(user=plan.user, folder=_escaped(plan.folder)),
        "fence": FENCE.format(
            home="read-only" if at_home else "yes", writable=_quoted(plan.var_dir)
        ),
        "program": _quoted(plan.program),
        "config": _quoted(plan.folder / "callengine.toml"),
    }
    return {
        "callengine.service": ENGINE.format(**values),
        "callengine-asterisk.service": ASTERISK.format(**values),
    }


def _escaped(path: Path) -> str:
    """A path where a percent sign would begin a specifier."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """A path among other words; `UnitPlan`'s maker refused quotes and backslashes."""
    text = _escaped(path)
    return f'"{text}"' if " " in text else text
