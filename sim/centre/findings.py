"""What a study found, one plain sentence each: the day as it is, and each what-if."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.centre.figures import Figure, occupancy, share, share_of, spread, wait_at
from sim.centre.study import Lived, by_hour
from sim.worlds.runs import Interval, interval


@dataclass(frozen=True, slots=True)
class Measure:
    """
    A figure that people care about.

    Attributes:
        says: the sentence's beginning for a value, with `{}` for it.
        factor, unit: how it is written.
        least: differences below this are not worth a sentence.
    """

    figure: Figure
    says: str
    factor: float
    unit: str
    least: float

    def written(self, value: float) -> str:
        """Write a value as people do."""
        return f"{self.factor * value:.1f}{self.unit}"


MEASURES = (
    Measure(
        share_of("within", "offered"),
        "{} of callers are answered within 20 seconds",
        100,
        "\u00a0%",
        0.005,
    ),
    Measure(
        share_of("abandoned", "offered"), "{} of callers give up", 100, "\u00a0%", 0.005
    ),
    Measure(
        wait_at(0.9),
        "nine of ten answered callers wait less than {}",
        1,
        "\u00a0s",
        1.0,
    ),
    Measure(
        share_of("off_skill", "answered"),
        "{} of answered callers meet an agent without every skill they needed",
        100,
        "\u00a0%",
        0.005,
    ),
    Measure(
        share_of("in_time", "placed"),
        "{} of orders are at logistics within 15 minutes",
        100,
        "\u00a0%",
        0.005,
    ),
    Measure(
        share_of("late", "live"),
        "{} of customers who answer find nobody in time",
        100,
        "\u00a0%",
        0.003,
    ),
    Measure(occupancy, "agents are busy {} of their time", 100, "\u00a0%", 0.005),
    Measure(
        spread, "agents differ by {} in how busy they are", 100, "\u00a0points", 0.005
    ),
)


def of_the_day(one: Lived) -> list[str]:
    """Say what the day is like without any change."""
    count, days = one.total(), len(one.days)
    said = []
    if count.offered:
        within = _percent(share(count.within, count.offered))
        gone = _percent(share(count.abandoned, count.offered))
        said.append(
            f"Of {count.offered / days:.0f} callers a day {within} are answered within "
            f"20 seconds and {gone} give up."
        )
        said += _worst_hour(one)
    if count.placed:
        talked = _percent(share(count.settled, count.placed))
        in_time = _percent(share(count.in_time, count.placed))
        said.append(
            f"Of {count.placed / days:.0f} orders a day {talked} are talked about by "
            f"midnight; {in_time} are at logistics within 15 minutes of being placed."
        )
    said += [sentence for shop in one.centre.shops for sentence in _law(one, shop)]
    busy, apart = one.mean(occupancy), one.mean(spread)
    if busy is not None and apart is not None:
        said.append(
            f"Agents are busy {_percent(busy.mean)} of their time at work; they differ "
            f"by {100 * apart.mean:.1f} points (standard deviation)."
        )
    return said


def of_a_variant(base: Lived, other: Lived) -> list[str]:
    """Say what a variant changes beyond chance, the same people living both days."""
    said = []
    for measure in MEASURES:
        found = paired(base, other, measure.figure)
        if found is None or not _matters(found, measure.least):
            continue
        before, after = base.mean(measure.figure), other.mean(measure.figure)
        assert before is not None
        assert after is not None
        text = measure.says.format(measure.written(after.mean))
        said.append(
            f"{text[:1].upper()}{text[1:]}, instead of {measure.written(before.mean)}."
        )
    return said or ["No figure changes by more than chance."]


def paired(base: Lived, other: Lived, figure: Figure) -> Interval | None:
    """Estimate the difference that a variant makes, day by day of the same seed."""
    differences = []
    for before, after in zip(base.days, other.days, strict=True):
        one, two = figure(before), figure(after)
        if one is not None and two is not None:
            differences.append(two - one)
    return interval(differences) if differences else None


def _matters(found: Interval, least: float) -> bool:
    # A single day has no interval; its differences are told as they are.
    sure = found.samples == 1 or 0.0 not in found
    return sure and abs(found.mean) >= least


def _worst_hour(one: Lived) -> list[str]:
    rows: Sequence[dict[str, float]] = [
        row
        for row in by_hour(one)
        if row["within_20s"] is not None and row["offered"] >= 3 and row["agents"] > 0
    ]
    if len(rows) < 2:
        return []
    worst = min(rows, key=lambda row: row["within_20s"])
    hour = int(worst["hour"])
    return [
        f"The worst hour is {hour}:00 to {hour + 1}:00: "
        f"{_percent(worst['within_20s'])} within 20 seconds, with "
        f"{worst['agents']:.1f} agents at work."
    ]


def _law(one: Lived, shop: str) -> list[str]:
    laws = [day.law[shop] for day in one.days if shop in day.law]
    count = one.total(shop)
    if not laws or not count.live:
        return []
    kept = sum(law.rate <= law.limit for law in laws)
    title = one.centre.shops[shop].title or shop
    rate, limit = _percent(count.late / count.live), _percent(laws[0].limit)
    return [
        f"{title}: {rate} of customers who answered found nobody in time; the rules "
        f"allow {limit}, which was kept on {kept} of {len(laws)} days."
    ]


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.1f}\u00a0%"
