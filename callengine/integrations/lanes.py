"""A lane per receiver, so that a dead one delays nobody else."""

from collections import deque
from dataclasses import dataclass, field

from callengine.core.ids import Instant, MessageId
from callengine.engine.deliveries import OutboxMessage

AT_ONCE = 8
"""Tries at one time to one receiver that is well."""
LONGEST_LINE = 256


@dataclass(slots=True)
class Lane:
    """Messages on their way to one receiver of one shop, at most one of each order."""

    line: deque[tuple[OutboxMessage, Instant]] = field(default_factory=deque)
    """Messages and the instants by which their tries must have begun."""
    busy: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it takes no more."""
        return len(self.line) >= LONGEST_LINE

    @property
    def has_room(self) -> bool:
        """Whether more should be asked for."""
        return len(self.line) <= LONGEST_LINE // 2

    def clear(self) -> list[MessageId]:
        """Empty the line; the messages that will not be tried."""
        left = [message.message for message, _ in self.line]
        self.line.clear()
        return left
