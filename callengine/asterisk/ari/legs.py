"""The channels and prompts that we answer for, and which of their facts are told."""

from dataclasses import dataclass

from callengine.core.ids import BridgeId, ChannelId, PlaybackId


@dataclass(slots=True)
class Leg:
    """
    A channel whose facts we deliver, from before its creation to `ChannelGone`.

    Attributes:
        rang, up: told already.
        entered: the last entry into a bridge that was told, with Asterisk's time.
        inbound: it came to us. Asterisk tells of its stay in our application only,
            so the end of that is its end; a channel we asked for ends when destroyed.
        by_door: the dialplan takes it back unless we take charge of it.
        cause: what we asked its hang-up to say.
        leaving: we asked for it to go back to the dialplan.
        asking: its originate request is under way, so it may not be listed yet.
        refused: the far end asked for its end, or said no.
        vanished: Asterisk gave it up, as no packet came from it any more.
        doubtful: its originate request got no answer; it may or may not live.
    """

    channel: ChannelId
    rang: bool = False
    up: bool = False
    entered: tuple[BridgeId, str] | None = None
    inbound: bool = False
    by_door: bool = False
    cause: int | None = None
    leaving: bool = False
    asking: bool = False
    refused: bool = False
    vanished: bool = False
    doubtful: bool = False


class Legs:
    """Registry of legs and prompts; who is not in it is nobody's."""

    def __init__(self) -> None:
        self._legs: dict[ChannelId, Leg] = {}
        self.playbacks: dict[PlaybackId, BridgeId] = {}
        """Prompts whose end is not told yet, and where they play."""

    def __len__(self) -> int:
        return len(self._legs)

    def all(self) -> tuple[Leg, ...]:
        """List the legs."""
        return tuple(self._legs.values())

    def find(self, channel: ChannelId) -> Leg | None:
        """Look a leg up."""
        return self._legs.get(channel)

    def add(self, leg: Leg) -> Leg:
        """Answer for a channel from now on; one that is known stays as it is."""
        return self._legs.setdefault(leg.channel, leg)

    def remove(self, channel: ChannelId) -> Leg | None:
        """Forget a channel; None when its end was told already."""
        return self._legs.pop(channel, None)
