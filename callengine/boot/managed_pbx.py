"""The managed Asterisk as settings and secrets describe it."""

from pathlib import Path
from typing import Any

from callengine.asterisk.pbx_config import PbxConfig
from callengine.boot.secrets import Secrets
from callengine.boot.settings import Settings
from callengine.boot.trunks import peers_of
from callengine.shipped import shipped


def _with_own(name: str, own: Path) -> tuple[Path, ...]:
    """The package's folder, then the installation's own, which wins by name."""
    ours = shipped(name)
    return (ours, own) if own.is_dir() and not own.samefile(ours) else (ours,)


def pbx_config(
    settings: Settings, secrets: Secrets, *, bench: bool = False
) -> PbxConfig:
    """
    Build what `callengine.asterisk.pbx.Pbx` takes.

    Raises:
        PbxError: a value that Asterisk's files cannot hold.
        SecretsError: a trunk's password is missing or open to others.
    """
    return PbxConfig(
        home=settings.var_dir / "pbx",
        node=settings.node,
        ari_host=settings.ari.host,
        ari_port=settings.ari.port,
        ari_user=settings.ari.user,
        ari_password=secrets.ari_password,
        ami_host=settings.ami.host,
        ami_port=settings.ami.port,
        ami_user=settings.ami.user,
        ami_password=secrets.ami_password,
        agi_host=settings.agi.host,
        agi_port=settings.agi.port,
        **_sip(settings),
        ring_s=settings.timing.ring_s,
        wrap_up_s=settings.timing.wrap_up_s,
        max_wait_s=settings.timing.max_wait_s,
        max_call_s=settings.pbx.max_call_s,
        lost_after_s=settings.phones.lost_after_s,
        lost_on_hold_after_s=settings.phones.lost_on_hold_after_s,
        root_dir=settings.pbx.root_dir,
        binary=settings.pbx.binary,
        suite=settings.pbx.suite,
        mirror=settings.pbx.mirror,
        conf_dirs=_with_own("asterisk-conf", settings.pbx.conf_dir),
        dialplan_dirs=_with_own("dialplan", settings.pbx.dialplan_dir),
        sounds_dirs=_with_own("sounds", settings.pbx.sounds_dir),
        provision_dir=settings.pbx.provision_dir,
        bench=bench,
    )


def _sip(settings: Settings) -> dict[str, Any]:
    """What Asterisk needs to speak to phones and carriers."""
    return {
        "sip_host": settings.sip.host,
        "sip_port": settings.sip.port,
        "tls_port": settings.sip.tls_port,
        "tls_certificate": settings.sip.tls_certificate,
        "tls_key": settings.sip.tls_key,
        "tls_ca": settings.sip.tls_ca,
        "phones_tls": settings.phones.tls,
        "phones_srtp": settings.phones.srtp,
        "rtp_first_port": settings.rtp.first_port,
        "rtp_last_port": settings.rtp.last_port,
        "trunk_address": settings.trunk.address,
        "trunk_contact": settings.trunk.contact,
        "trunks": peers_of(settings),
    }
