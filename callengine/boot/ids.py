"""Minting ids: the only place where chance and the clock make names."""

import itertools
import secrets
import time
from collections.abc import Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def id_maker(node: str) -> Callable[[], str]:
    """
    Return a maker of ids that sort by time and never repeat.

    Thirteen characters of base 32: 40 bits of milliseconds since 2020, a counter of
    10 bits and 15 random bits that are new for every process; then the node's name.
    """
    salt = secrets.randbits(15)
    counter = itertools.count(secrets.randbits(10))

    def new_id() -> str:
        ms = int(time.time() * 1000) - 1_577_836_800_000
        value = (ms & (1 << 40) - 1) << 25 | (next(counter) & 1023) << 15 | salt
        digits = [_ALPHABET[value >> shift & 31] for shift in range(60, -5, -5)]
        return f"{''.join(digits)}-{node}"

    return new_id
