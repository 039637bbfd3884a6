"""A list kept in order: small, exact, and without stale entries."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Generic, TypeVar

E = TypeVar("E", bound=tuple[object, ...])


class Ordered(Generic[E]):
    """
    Unique entries, lowest first.

    Adding and removing find the place by halving; the shift behind it is one move of
    memory, which for ten thousand entries is a few microseconds.

    Attributes:
        entries: to be read only.
    """

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[E] = []

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[E]:
        return iter(self.entries)

    def add(self, entry: E) -> None:
        """Enter an entry in its place."""
        entries = self.entries
        if not entries or entries[-1] < entry:
            entries.append(entry)
        else:
            insort(entries, entry)

    def remove(self, entry: E) -> None:
        """Take an entry out. Raises `KeyError` if it is not here."""
        place = bisect_left(self.entries, entry)
        if place == len(self.entries) or self.entries[place] != entry:
            raise KeyError(entry)
        del self.entries[place]

    def first(self) -> E | None:
        """Return the lowest entry, if any."""
        return self.entries[0] if self.entries else None

    def count_before(self, entry: E) -> int:
        """Count entries lower than one, which need not be here."""
        return bisect_left(self.entries, entry)
