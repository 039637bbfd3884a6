"""Reading what SIPp writes: its statistics file and the log lines of our scenarios."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Counts:
    """
    Totals of one SIPp run so far.

    Attributes:
        failures: SIPp's own names of why calls failed, only those that happened.
    """

    created: int = 0
    running: int = 0
    successful: int = 0
    failed: int = 0
    retransmissions: int = 0
    failures: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One log line of a scenario: who did what, when (Unix time, s)."""

    what: str
    who: str
    at: float
    detail: str = ""


def parse_counts(text: str) -> Counts:
    """Read the last whole line of a statistics file; zeros when there is none yet."""
    lines = text.splitlines()
    if text and not text.endswith("\n"):
        lines.pop()  # SIPp is writing it
    if len(lines) < 2:
        return Counts()
    names, *_, last = csv.reader(io.StringIO("\n".join(lines)), delimiter=";")
    totals = {
        name.removesuffix("(C)"): int(value)
        for name, value in zip(names, last, strict=False)
        if value.isdecimal()
    }
    return Counts(
        created=totals.get("TotalCallCreated", 0),
        running=totals.get("CurrentCall", 0),
        successful=totals.get("SuccessfulCall", 0),
        failed=totals.get("FailedCall", 0),
        retransmissions=totals.get("Retransmissions", 0),
        failures=tuple(
            (name, count)
            for name, count in totals.items()
            if name.startswith(_FAILED)
            and name != "FailedCall"
            and not name.endswith("(P)")
            and count
        ),
    )


def parse_moments(text: str) -> Iterator[Moment]:
    """
    Read the log lines of our scenarios.

    SIPp writes `what who DATE<tab>TIME<tab>SECONDS detail`; other lines are skipped.
    """
    for line in text.splitlines():
        before, *rest = line.split("\t")
        words = before.split()
        if len(rest) != 2 or len(words) < 2:
            continue
        seconds, _, detail = rest[1].partition(" ")
        try:
            at = float(seconds)
        except ValueError:
            continue
        who = words[1] if len(words) > 2 else ""
        yield Moment(words[0], who, at, detail.strip())


def read_moments(path: Path) -> list[Moment]:
    """Read a log file that may not exist yet; a last line cut short is skipped."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return []
    whole, _, _ = text.rpartition("\n")
    return list(parse_moments(whole))
