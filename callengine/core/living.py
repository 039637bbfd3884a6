"""What lives in Asterisk at one moment: the truth to reconcile with."""

from dataclasses import dataclass, field

from callengine.core.ids import BridgeId, ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingChannel:
    """A channel as Asterisk lists it."""

    channel: ChannelId
    endpoint: str
    state: str
    """Asterisk's state name: Down, Ring, Ringing, Up..."""
    ours: bool
    """In our Stasis application now."""
    arguments: tuple[str, ...] = ()
    """The arguments it entered our application with."""
    caller_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """Channels and bridges that live."""

    channels: tuple[LivingChannel, ...] = ()
    bridges: dict[BridgeId, tuple[ChannelId, ...]] = field(default_factory=dict)
    """Our bridges and the channels in each."""
