"""What Asterisk tells about channels, bridges and applications; only what we use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callengine.asterisk.ari.events import BROADCAST
from callengine.core.ids import BridgeId, ChannelId

# Asterisk's own helpers: announcers, recorders, spies. Nobody's leg.
_HELPERS = ("Announcer/", "Recorder/", "Snoop/", "CBAnn/", "CBRec/", "UnicastRTP/")


@dataclass(frozen=True, slots=True)
class Channel:
    """
    A channel at one moment.

    Attributes:
        name: `PJSIP/anna-0000002a`.
        caller_number: as presented, '' when there is none.
        app_name, app_data: the dialplan application it runs, with its arguments.
    """

    channel: ChannelId
    name: str
    state: str
    caller_number: str
    app_name: str
    app_data: str

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> "Channel":
        """Read Asterisk's JSON. Raises `KeyError` when it is no channel."""
        dialplan = raw["dialplan"]
        return cls(
            raw["id"],
            raw["name"],
            raw["state"],
            raw["caller"]["number"],
            dialplan.get("app_name", ""),
            dialplan.get("app_data", ""),
        )

    @property
    def endpoint(self) -> str:
        """`PJSIP/anna`: the name without its running number."""
        return self.name.rpartition("-")[0] or self.name

    @property
    def is_helper(self) -> bool:
        """Made by Asterisk for its own purposes."""
        return self.name.startswith(_HELPERS)

    @property
    def by_door(self) -> bool:
        """Whether the dialplan offered it to whoever claims it."""
        return self.app_name == BROADCAST

    def arguments_in(self, app: "Application") -> tuple[str, ...] | None:
        """Return what it entered an application with; None when it is not in it."""
        first, *more = self.app_data.split(",")
        if self.app_name == "Stasis" and first == app.name:
            return tuple(more)
        # It stays in this one when claimed; until then it is nobody's.
        if self.by_door and self.channel in app.channels:
            return tuple(more[1].split(":")) if len(more) > 1 else ()
        return None


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge and the channels in it."""

    bridge: BridgeId
    kind: str
    channels: tuple[ChannelId, ...]

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> "Bridge":
        """Read Asterisk's JSON."""
        return cls(raw["id"], raw["bridge_type"], tuple(raw["channels"]))


@dataclass(frozen=True, slots=True)
class Application:
    """Our Stasis application as Asterisk sees it."""

    name: str
    channels: frozenset[ChannelId]
    """Channels whose events we get: in the application, or made by it."""
    bridges: frozenset[BridgeId]

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> "Application":
        """Read Asterisk's JSON."""
        return cls(
            raw["name"], frozenset(raw["channel_ids"]), frozenset(raw["bridge_ids"])
        )


@dataclass(frozen=True, slots=True)
class Version:
    """Which Asterisk this is."""

    version: str
    """`22.10.1` and whatever the packager added."""

    @classmethod
    def decode(cls, raw: Mapping[str, Any]) -> "Version":
        """Read Asterisk's JSON."""
        return cls(raw["system"]["version"])
