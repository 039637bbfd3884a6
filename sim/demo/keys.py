"""Single keys from the terminal that a run is watched on."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Give each key typed during the block; none when nobody can type here."""
    fd = _terminal()
    if fd is None:
        yield
        return
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(fd)

    def typed() -> None:
        for key in os.read(fd, 64).decode(errors="ignore"):
            on_key(key)

    tty.setcbreak(fd)  # Ctrl-C still interrupts
    loop.add_reader(fd, typed)
    try:
        yield
    finally:
        loop.remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _terminal() -> int | None:
    """Find the terminal, if there is one and we are in its foreground."""
    try:
        fd = sys.stdin.fileno()
        # Who changes a terminal from the background is stopped by it.
        mine = os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgrp()
    except (AttributeError, OSError, ValueError):
        return None
    return fd if mine else None
