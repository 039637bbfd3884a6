"""What the kernel tells of a process: whether it runs, waits or is stopped."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """
    One look at a process.

    Attributes:
        state: the kernel's letter: R runs or would like to, S sleeps, D waits for a
            disk, T is stopped, t is held by a debugger.
        cpu_s: processor time used so far.
    """

    state: str
    cpu_s: float


def read_vital_signs(pid: int) -> VitalSigns:
    """Read `/proc/PID/stat`; of a process that is gone state `X`."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return VitalSigns("X", 0.0)
    # The name may hold anything, also spaces and brackets; it ends at the last one.
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return VitalSigns(fields[0], ticks / os.sysconf("SC_CLK_TCK"))
