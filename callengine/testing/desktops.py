"""The `Desktops` port in memory: what each agent was shown, in order."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from callengine.core.ids import AgentId


@dataclass(slots=True)
class MemoryDesktops:
    """Remembers every message with its version, as `DesktopHub` would number it."""

    shown: defaultdict[AgentId, list[dict[str, Any]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def show(self, agent: AgentId, message: dict[str, Any]) -> None:
        """Remember a message; it must not be changed afterwards."""
        version = len(self.shown[agent]) + 1
        self.shown[agent].append({**message, "version": version})

    def types(self, agent: AgentId) -> list[str]:
        """List the types of the messages an agent was shown."""
        return [message["type"] for message in self.shown[agent]]

    def last(self, agent: AgentId, type_: str) -> dict[str, Any] | None:
        """Find the newest message of a type."""
        of_type = (m for m in reversed(self.shown[agent]) if m["type"] == type_)
        return next(of_type, None)
