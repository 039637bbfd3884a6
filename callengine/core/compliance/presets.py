"""
Regimes to start from, by name. Facts as of 2026 and no legal advice.

house    For a shop that says nothing: confirming an order is performing a contract, so
         no consent is asked for; 3 % a day and 9:00-21:00 where the customer is.
us_ftc   16 CFR 310.4(b)(4) and 47 CFR 64.1200(a)(6)-(7): 3 % of live answers for each
         30 days of a campaign, two seconds after the greeting, 15 s of ringing, a
         message that says who called; 8:00-21:00 where the customer is.
uk       Ofcom's former safe harbour (3 % in 24 hours, less machines, 72 hours without
         another automatic call). Since March 2017 the share excuses nothing by itself:
         lower it if counsel says so.
russia   38-FZ art. 18 and 126-FZ as of September 2025: recorded consent, no automatic
         dialling of advertising. No share is fixed by law, so 3 % a day is a house
         rule, as are the hours.
ukraine  Advertising law art. 24 and the blocking rules of October 2025: consent. The
         share (over rolling 24 hours) and the hours are house rules.
strict   Nobody answered is ever left without an agent: progressive, office hours.
"""

from collections.abc import Mapping

from callengine.core.compliance.regime import (
    DAY_S,
    HOUR_S,
    AttemptCaps,
    Denominator,
    NuisanceLimit,
    Regime,
    StartPoint,
    WindowKind,
    every_day,
    week,
)

HOUSE = Regime(
    name="house",
    nuisance=NuisanceLimit(limit=0.03, window=WindowKind.CALENDAR_DAY),
    hours=every_day(9, 21),
    caps=AttemptCaps(per_day=4, per_week=10, in_all=8),
    least_ring_s=15.0,
    lock_out_s=24 * HOUR_S,
)

US_FTC = Regime(
    name="us_ftc",
    nuisance=NuisanceLimit(
        limit=0.03,
        window=WindowKind.SUCCESSIVE,
        length_s=30 * DAY_S,
        denominator=Denominator.LIVE,
        start=StartPoint.GREETING_END,
    ),
    hours=every_day(8, 21),
    caps=AttemptCaps(per_day=3, per_week=7, in_all=8),
    least_ring_s=15.0,
    message=True,
)

UK = Regime(
    name="uk",
    nuisance=NuisanceLimit(
        limit=0.03,
        window=WindowKind.CALENDAR_DAY,
        denominator=Denominator.MACHINE_ADJUSTED,
    ),
    hours=week((8, 21), (9, 20), (10, 18)),
    caps=AttemptCaps(per_day=3, per_week=8, in_all=8),
    least_ring_s=15.0,
    message=True,
    lock_out_s=72 * HOUR_S,
)

RUSSIA = Regime(
    name="russia",
    nuisance=NuisanceLimit(limit=0.03, window=WindowKind.CALENDAR_DAY),
    hours=week((9, 21), (10, 20), (10, 20)),
    caps=AttemptCaps(per_day=3, per_week=8, in_all=8),
    least_ring_s=15.0,
    consent=True,
    advertising_by_hand=True,
    lock_out_s=24 * HOUR_S,
)

UKRAINE = Regime(
    name="ukraine",
    nuisance=NuisanceLimit(limit=0.03, window=WindowKind.ROLLING, length_s=DAY_S),
    hours=week((9, 20), (10, 19), (10, 19)),
    caps=AttemptCaps(per_day=3, per_week=8, in_all=8),
    least_ring_s=15.0,
    consent=True,
    advertising_by_hand=True,
    lock_out_s=24 * HOUR_S,
)

STRICT = Regime(
    name="strict",
    nuisance=NuisanceLimit(limit=0.0, window=WindowKind.CALENDAR_DAY),
    hours=week((9, 20), (10, 18), None),
    caps=AttemptCaps(per_day=2, per_week=5, in_all=6),
    least_ring_s=20.0,
    message=True,
    consent=True,
    advertising_by_hand=True,
    lock_out_s=72 * HOUR_S,
)

PRESETS: Mapping[str, Regime] = {
    regime.name: regime for regime in (HOUSE, US_FTC, UK, RUSSIA, UKRAINE, STRICT)
}
