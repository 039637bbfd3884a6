"""
When to try again: a delay by outcome, another part of the day, one budget for all.

The budget is the customer's: attempts on every number of theirs count together, so
rules per outcome can never add up to more. The time is the customer's local one; the
verdict is asked again at the instant of dialling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callengine.core.compliance.regime import CallingWindow
from callengine.core.compliance.verdict import PastAttempt, next_opening
from callengine.core.ids import Instant
from callengine.core.records import Outcome

MINUTE_S = 60.0
HOUR_S = 3600.0

DAY_PARTS = ((0, 12), (12, 16), (16, 24))
"""Morning, afternoon, evening, in hours of the customer's clock."""

_DELAYS_S: Mapping[Outcome, tuple[float, ...]] = {
    Outcome.BUSY: (7 * MINUTE_S, 15 * MINUTE_S, HOUR_S),
    Outcome.NO_ANSWER: (30 * MINUTE_S, 2 * HOUR_S, 4 * HOUR_S, 20 * HOUR_S),
    Outcome.REJECTED: (3 * HOUR_S, 24 * HOUR_S),
    Outcome.MACHINE: (4 * HOUR_S, 24 * HOUR_S),
    Outcome.CONGESTED: (2 * MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S),
    Outcome.FAILED: (5 * MINUTE_S, 30 * MINUTE_S),
    Outcome.NUISANCE: (10 * MINUTE_S, HOUR_S),
}
_CHANGES_PART = frozenset({Outcome.NO_ANSWER, Outcome.MACHINE, Outcome.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecycleRules:
    """
    Policy.

    Attributes:
        budget: attempts on one customer for one order, over all numbers.
        delays_s: per outcome, after its 1st, 2nd... in a row of the same number; the
            last repeats. An outcome that is not listed ends it.
        same_part: attempts that may end alike in one part of a day before the next
            one is put into another.
        confirm_invalid: a number is given up after so many answers that it is none.
        invalid_s: pause before such a number is asked for again.
    """

    budget: int = 8
    delays_s: Mapping[Outcome, tuple[float, ...]] = field(
        default_factory=lambda: dict(_DELAYS_S)
    )
    same_part: int = 2
    confirm_invalid: int = 2
    invalid_s: float = 10 * MINUTE_S


@dataclass(frozen=True, slots=True)
class Again:
    """
    What to do after an attempt.

    Attributes:
        at: when to try again, within calling hours; None to stop.
        number: which number; empty with None.
        other_trunk: not by the trunk just used.
        reason: the rule in words.
    """

    at: Instant | None
    number: str
    other_trunk: bool
    reason: str


def _after_invalid(
    usable: Sequence[str],
    last_number: str,
    now: Instant,
    zone: ZoneInfo,
    hours: CallingWindow,
    rules: RecycleRules,
) -> Again:
    """Ask once more, of another carrier if there is one, before it is believed."""
    number = last_number if last_number in usable else usable[0]
    same = number == last_number
    said = f"once more in {rules.invalid_s:g} s" if same else "another number"
    opens_at = next_opening(hours, zone, now + rules.invalid_s if same else now)
    return Again(opens_at, number, other_trunk=True, reason=f"invalid: {said}")


def plan_again(
    history: Mapping[str, Sequence[PastAttempt]],
    last_number: str,
    *,
    now: Instant,
    zone: ZoneInfo,
    hours: CallingWindow,
    rules: RecycleRules,
    tries: int | None = None,
) -> Again:
    """
    Plan the next attempt for an order.

    Args:
        history: attempts by number, oldest first, the one just ended included;
            numbers not tried yet have an empty list. Order is preference.
        last_number: the number just tried.
        tries: attempts for this order, for when `history` has others' too.
    """
    last = history[last_number][-1].outcome
    total = sum(map(len, history.values())) if tries is None else tries
    if last is Outcome.BRIDGED:
        return Again(None, "", other_trunk=False, reason="talked to the customer")
    if total >= rules.budget:
        said = f"{total} attempts are the budget"
        return Again(None, "", other_trunk=False, reason=said)
    usable = [n for n, past in history.items() if not _is_invalid(past, rules)]
    if not usable:
        return Again(None, "", other_trunk=False, reason="no number is valid")
    if last is Outcome.INVALID:
        return _after_invalid(usable, last_number, now, zone, hours, rules)
    delays_s = rules.delays_s.get(last)
    if not delays_s:
        return Again(None, "", other_trunk=False, reason=f"{last} is not tried again")
    in_a_row = _in_a_row(history[last_number], last)
    delay_s = delays_s[min(in_a_row, len(delays_s)) - 1]
    reason = f"{last}, {in_a_row} in a row: {delay_s:g} s"
    at = now + delay_s
    if last in _CHANGES_PART:
        moved = _other_part(history, at, zone, rules)
        if moved != at:
            at, reason = moved, f"{reason}, in another part of the day"
    number = _next_number(usable, last_number, last)
    trunk_failed = last in (Outcome.CONGESTED, Outcome.FAILED)
    opens_at = next_opening(hours, zone, at)
    return Again(opens_at, number, other_trunk=trunk_failed, reason=reason)


def day_part(local: datetime) -> int:
    """Find the part of the day, as a place in `DAY_PARTS`."""
    return next(i for i, (_, until) in enumerate(DAY_PARTS) if local.hour < until)


def _is_invalid(past: Sequence[PastAttempt], rules: RecycleRules) -> bool:
    return _in_a_row(past, Outcome.INVALID) >= rules.confirm_invalid


def _in_a_row(past: Sequence[PastAttempt], outcome: Outcome) -> int:
    count = 0
    for attempt in reversed(past):
        if attempt.outcome is not outcome:
            break
        count += 1
    return count


def _next_number(usable: Sequence[str], last_number: str, last: Outcome) -> str:
    """Take turns between numbers, unless the trunk was to blame or it was busy."""
    if last in (Outcome.CONGESTED, Outcome.FAILED, Outcome.BUSY):
        return last_number if last_number in usable else usable[0]
    if last_number not in usable:
        return usable[0]
    return usable[(usable.index(last_number) + 1) % len(usable)]


def _other_part(
    history: Mapping[str, Sequence[PastAttempt]],
    at: Instant,
    zone: ZoneInfo,
    rules: RecycleRules,
) -> Instant:
    """Move to the next part of a day in which little was tried in vain yet."""
    tried = [0] * len(DAY_PARTS)
    for attempts in history.values():
        for attempt in attempts:
            if attempt.outcome in _CHANGES_PART:
                tried[day_part(datetime.fromtimestamp(attempt.at, zone))] += 1
    least = min(tried)
    local = datetime.fromtimestamp(at, zone)
    part = day_part(local)
    if tried[part] < rules.same_part or tried[part] == least:
        return at
    for step in range(1, 2 * len(DAY_PARTS)):
        days, place = divmod(part + step, len(DAY_PARTS))
        if tried[place] == least:
            begin = DAY_PARTS[place][0]
            day = (local + timedelta(days=days)).date()
            return datetime(
                day.year, day.month, day.day, begin, tzinfo=zone
            ).timestamp()
    return at
