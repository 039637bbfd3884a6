"""What the parts are told, made of the settings."""

from callengine.asterisk.ami import AmiSettings
from callengine.asterisk.ari.http import HttpSettings
from callengine.boot.secrets import Secrets
from callengine.boot.settings import Settings
from callengine.boot.trunks import trunks_of
from callengine.core.match.blending import Blend
from callengine.core.predictive.pacer import PredictiveRules
from callengine.core.rules import PacingRules, Rules
from callengine.engine.service import EngineConfig


def blend_of(keep_per_caller: float | None) -> Blend | None:
    """Turn the setting into a policy, where there is one."""
    return None if keep_per_caller is None else Blend(keep=keep_per_caller)


def rules_of(settings: Settings) -> Rules:
    """Turn settings into the core's rules."""
    timing, dialling, phones = settings.timing, settings.dialling, settings.phones
    return Rules(
        ring_s=timing.ring_s,
        pick_up_s=phones.pick_up_ms / 1000,
        pause_when_busy=phones.pause_when_busy,
        srtp=phones.srtp,
        customer_ring_s=dialling.ring_s,
        wrap_up_s=timing.wrap_up_s,
        relax_after_s=timing.relax_after_s,
        max_wait_s=timing.max_wait_s,
        pacing=PacingRules(
            keep_free=dialling.keep_free,
            blend=blend_of(dialling.keep_per_caller),
            most_lines=dialling.most_lines,
            predictive=PredictiveRules(hang_up_after_s=dialling.hang_up_after_s),
        ),
        trunks=trunks_of(settings),
    )


def config_of(settings: Settings) -> EngineConfig:
    """Turn settings into what the engine is told."""
    return EngineConfig(
        node=settings.node,
        rules=rules_of(settings),
        identify_s=settings.timing.identify_ms / 1000,
    )


def ari_of(settings: Settings, secrets: Secrets) -> HttpSettings:
    """Say how to reach Asterisk's REST interface."""
    return HttpSettings(
        host=settings.ari.host,
        port=settings.ari.port,
        user=settings.ari.user,
        password=secrets.ari_password,
    )


def ami_of(settings: Settings, secrets: Secrets) -> AmiSettings:
    """Say how to reach Asterisk's manager interface."""
    return AmiSettings(
        host=settings.ami.host,
        port=settings.ami.port,
        user=settings.ami.user,
        password=secrets.ami_password,
    )
