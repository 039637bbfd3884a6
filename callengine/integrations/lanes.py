"""A lane per receiver, so that a dead one delays nobody else."""

from collections import deque
from dataclasses import dataclass, field

from callengine.core.ids import Instant
from callengine.engine.ports import OutboxMessage

AT_ONCE = 8
"""Tries at one time to one receiver that is well."""
LONGEST_LINE = 256


@dataclass(slots=True)
class Lane:
    """
    Messages on their way to one receiver.

    A receiver whose last try failed is tried with one message at a time; what else
    is due for it goes back to the outbox unspent, by letting its lease end.
    """

    line: deque[tuple[OutboxMessage, Instant]] = field(default_factory=deque)
    """Messages and the instants by which their tries must have begun."""
    busy: int = 0
    is_failing: bool = False
    is_gone: bool = False

    def admit(self, message: OutboxMessage, begin_by: Instant) -> bool:
        """Take a message into the line; False when it must wait in the outbox."""
        is_full = len(self.line) >= LONGEST_LINE
        if is_full or (self.is_failing and (self.busy or self.line)):
            return False
        self.line.append((message, begin_by))
        return True

    @property
    def width(self) -> int:
        """How many tries may run at once."""
        return 1 if self.is_failing else AT_ONCE

    def failed(self) -> list[OutboxMessage]:
        """Note that the receiver is down; return what now waits in the outbox."""
        self.is_failing = True
        left = [message for message, _ in self.line]
        self.line.clear()
        return left

    def succeeded(self) -> None:
        """Note that the receiver is well."""
        self.is_failing = False
