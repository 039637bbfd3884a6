"""The routing studies: which rows, and what they must show."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from callengine.core.match.policy import AgentKey, CallerOrder, Policy
from callengine.core.match.relaxation import Drop, Relax, standard_relaxes
from sim.checks import Check, at_most
from sim.theory import Line, mmck
from sim.worlds.baselines_routing import ByAppQueue, ByCallcenter
from sim.worlds.routing import MakeRouter
from sim.worlds.routing_centres import MANY, shop, wallace_whitt
from sim.worlds.routing_matcher import ByMatcher, Relaxing
from sim.worlds.routing_runs import Study, Task, study
from sim.worlds.routing_tables import SHOP
from sim.worlds.runs import Interval, over_seeds

_MORE = 6
"""Times as many runs of the row that theory knows exactly: blocked calls are rare."""

POINTS = 0.02
"""How far a share may be from an earlier one."""

# Agents of the best level first, and callers of the agent's best skill: the routing of
# the published experiment, in which skills have an order for every agent.
RANKED = Policy(
    bands=(10, 9, 8, 7, 6),
    agents=(AgentKey.BAND, AgentKey.IDLE),
    callers=CallerOrder.BEST_FIT,
    on_skill_credit_s=0.0,
    candidates_kept=0,
)

# Longest idle, longest wait, whoever is able: what the tables were made with.
FIFO = Policy(
    bands=(), agents=(AgentKey.IDLE,), on_skill_credit_s=0.0, candidates_kept=0
)
OURS = Policy(candidates_kept=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long studies run: seeds and calls of each."""

    seeds: int
    calls: int
    processes: int | None = None


def share(value: Interval) -> float:
    """Round a share for a report."""
    return round(value.mean, 4)


def half(value: Interval) -> float:
    """Round the half width of a 95 % interval."""
    return round(value.half_width, 4)


# --- Wallace & Whitt ---------------------------------------------------------------


def run_wallace_whitt(seed: int, length: Length) -> Study:
    """Run one to six skills; six skills longer, since theory is exact there."""
    tasks = [
        Task(
            key=str(skills),
            centre=wallace_whitt(skills),
            make_router=ByMatcher(Relaxing(), RANKED),
            seed=one,
            calls=length.calls,
            warm_up=min(5_000, length.calls),
        )
        for skills in range(1, MANY + 1)
        for one in over_seeds(seed, length.seeds * (_MORE if skills == MANY else 1))
    ]
    label = "Wallace & Whitt"
    return study(tasks, processes=length.processes, label=label)


def pooled() -> Line:
    """Return theory's row for agents who all take every call."""
    return mmck(90, 120, 82.5 / 600.0, 600.0)


def wallace_whitt_rows(found: Study) -> list[dict[str, Any]]:
    """Make the rows of the report."""
    rows = []
    for skills in range(1, MANY + 1):
        key = str(skills)
        blocked = found.controlled(key, "blocked", 82.5)
        wait = found.controlled(key, "mean_wait_s", 82.5)
        rows.append(
            {
                "skills": skills,
                "blocked": round(blocked.mean, 5),
                "blocked_ci": round(blocked.half_width, 5),
                "mean_wait_s": round(wait.mean, 2),
                "mean_wait_s_ci": round(wait.half_width, 2),
                "within_20s": share(found.get(key, "within_of_answered")),
                "waits": share(found.get(key, "waits")),
                "on_best_skill": share(found.get(key, "on_best_skill")),
            }
        )
    return rows


def wallace_whitt_checks(rows: list[dict[str, Any]]) -> list[Check]:
    """Two skills nearly as good as all, one a disaster, six as in theory."""
    by_skills = {row["skills"]: row for row in rows}
    theory = pooled()
    return [
        at_most("2 skills: blocked", by_skills[2]["blocked"], 0.003),
        at_most("2 skills: mean wait, s", by_skills[2]["mean_wait_s"], 30.0),
        near("6 skills: blocked", by_skills[6]["blocked"], theory.blocked, 0.1),
        near(
            "6 skills: mean wait, s",
            by_skills[6]["mean_wait_s"],
            theory.mean_wait_s,
            0.1,
        ),
        near("1 skill: blocked", by_skills[1]["blocked"], 0.032, 0.2),
        near("1 skill: mean wait, s", by_skills[1]["mean_wait_s"], 141.0, 0.2),
    ]


def near(name: str, value: float, wanted: float, within: float) -> Check:
    """Hold when a figure is within a share of the one wanted."""
    goal = f"{wanted:.4g} ± {within:.0%}"
    return Check(name, abs(value - wanted) <= within * wanted, value, goal)


# --- the shop ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contender:
    """A policy of the shop study."""

    name: str
    skills: int
    make_router: MakeRouter


def _timer(after_s: float | None) -> ByMatcher:
    """Make the policy of the tables: anybody after a time."""
    if after_s is None:
        return ByMatcher(Relaxing(), FIFO)
    return ByMatcher(Relaxing((Relax(after_s=after_s, give_up=Drop("*")),)), FIFO)


def _ours() -> ByMatcher:
    return ByMatcher(Relaxing(standard_relaxes()), OURS)


OURS_1, OURS_2 = "1 skill, callengine", "2 skills, callengine"

CONTENDERS = (
    Contender("1 skill, never relax", 1, _timer(None)),
    Contender("1 skill, relax at 60 s", 1, _timer(60)),
    Contender("1 skill, relax at 40 s", 1, _timer(40)),
    Contender("1 skill, relax at 15 s", 1, _timer(15)),
    Contender("1 skill, relax at 5 s", 1, _timer(5)),
    Contender("1 skill, anybody at once", 1, _timer(0)),
    Contender("2 skills, never relax", 2, _timer(None)),
    Contender("2 skills, relax at 15 s", 2, _timer(15)),
    Contender("all skills", 4, _timer(None)),
    Contender(OURS_1, 1, _ours()),
    Contender(OURS_2, 2, _ours()),
    Contender("1 skill, app_queue, others after 15 s", 1, ByAppQueue(15.0)),
    Contender("2 skills, app_queue, penalties", 2, ByAppQueue()),
    Contender("2 skills, app_queue, others after 15 s", 2, ByAppQueue(15.0)),
    Contender("1 skill, mod_callcenter, tiers of 15 s", 1, ByCallcenter(15.0, True)),
    Contender("2 skills, mod_callcenter, tiers of 15 s", 2, ByCallcenter(15.0, True)),
)


def run_shop(
    seed: int, length: Length, contenders: Iterable[Contender] = CONTENDERS
) -> Study:
    """Run every policy in the even mix and in the surge, on the same callers."""
    tasks = [
        Task(
            key=f"{contender.name}{'/surge' if surge else ''}",
            centre=shop(contender.skills, surge=surge),
            make_router=contender.make_router,
            seed=one,
            calls=length.calls,
        )
        for contender in contenders
        for surge in (False, True)
        for one in over_seeds(seed, length.seeds)
    ]
    return study(tasks, processes=length.processes, label="shop")


def shop_rows(
    found: Study, contenders: Iterable[Contender] = CONTENDERS
) -> list[dict[str, Any]]:
    """Make the rows of the report."""
    rows = []
    for name in (contender.name for contender in contenders):
        surge = f"{name}/surge"
        even = {
            figure: found.get(name, figure)
            for figure in ("within", "abandoned", "off_skill", "occupancy")
        }
        rows.append(
            {
                "policy": name,
                "within_20s": share(even["within"]),
                "within_20s_ci": half(even["within"]),
                "abandoned": share(even["abandoned"]),
                "abandoned_ci": half(even["abandoned"]),
                "off_skill": share(even["off_skill"]),
                "occupancy": share(even["occupancy"]),
                "occupancy_spread": share(found.get(name, "occupancy_spread")),
                "mean_wait_s": round(found.get(name, "mean_wait_s").mean, 2),
                "p95_wait_s": round(found.get(name, "p95_wait_s").mean, 1),
                "longest_wait_s": round(found.get(name, "longest_wait_s").mean, 1),
                "surge_within_20s": share(found.get(surge, "product.0:within")),
                "surge_within_20s_ci": half(found.get(surge, "product.0:within")),
                "surge_all_within_20s": share(found.get(surge, "within")),
                "surge_abandoned": share(found.get(surge, "abandoned")),
                "surge_abandoned_ci": half(found.get(surge, "abandoned")),
                "surge_occupancy_spread": share(found.get(surge, "occupancy_spread")),
            }
        )
    return rows


def table_checks(rows: list[dict[str, Any]]) -> list[Check]:
    """Every row of the table within two points, figure by figure."""
    checks = []
    for row in rows:
        wanted = SHOP.get(row["policy"])
        if wanted is None:
            continue
        pairs = {
            "within_20s": wanted.within,
            "abandoned": wanted.abandoned,
            "off_skill": wanted.off_skill,
            "occupancy": wanted.occupancy,
            "surge_all_within_20s": wanted.surge_within,
            "surge_abandoned": wanted.surge_abandoned,
            "surge_within_20s": wanted.surge_product_within,
        }
        far = {
            key: (row[key], value)
            for key, value in pairs.items()
            # The table's own figures are rounded to a point.
            if value is not None and abs(row[key] - value) > POINTS + 0.005
        }
        value = far or "all figures"
        checks.append(Check(row["policy"], not far, value, "table ± 2 points"))
    return checks


def better_checks(found: Study) -> list[Check]:
    """Our rows beat the best simple ones outside the intervals, pair by pair."""
    checks = []
    for ours, theirs in (
        (OURS_2, "2 skills, never relax"),
        (OURS_1, "1 skill, relax at 15 s"),
    ):
        for figure, suffix, sign in (
            ("within", "", 1),
            ("abandoned", "", -1),
            ("product.0:within", "/surge", 1),
            ("abandoned", "/surge", -1),
        ):
            gain = found.difference(ours + suffix, theirs + suffix, figure)
            low = gain.low if sign > 0 else -gain.high
            name = f"{ours} over {theirs}: {figure}{suffix}"
            shown = f"{gain.mean:+.4f} ± {gain.half_width:.4f}"
            checks.append(Check(name, low > 0, shown, "better outside the interval"))
        more = found.difference(ours, theirs, "occupancy_spread")
        longer = found.difference(ours, theirs, "p95_wait_s")
        name = f"{ours} over {theirs}"
        checks += [
            at_most(f"{name}: spread of occupancy", round(more.mean, 4), 0.01),
            at_most(f"{name}: 95th percentile of waits, s", round(longer.mean, 1), 0),
        ]
    return checks
