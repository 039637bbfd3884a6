"""Limits on how often somebody may try: token buckets in bounded memory."""

from collections import OrderedDict

from callengine.core.ids import Instant


class RateLimit:
    """
    A token bucket per key; the least recently used key is forgotten first.

    Args:
        burst: tries allowed at once.
        per_s: tries won back per second.
        keys: how many keys are remembered.
    """

    def __init__(self, *, burst: int, per_s: float, keys: int = 10_000) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._keys = keys
        self._buckets: OrderedDict[str, tuple[float, Instant]] = OrderedDict()

    def wait_s(self, key: str, now: Instant) -> float:
        """Say how long `key` must wait before its next try, 0 when it may now."""
        tokens = self._tokens(key, now)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._per_s

    def spend(self, key: str, now: Instant) -> None:
        """Take one try from `key`."""
        tokens = self._tokens(key, now)
        self._buckets[key] = (max(0.0, tokens - 1), now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)

    def forgive(self, key: str) -> None:
        """Give a key all its tries back."""
        self._buckets.pop(key, None)

    def _tokens(self, key: str, now: Instant) -> float:
        tokens, since = self._buckets.get(key, (self._burst, now))
        return min(self._burst, tokens + max(0.0, now - since) * self._per_s)
