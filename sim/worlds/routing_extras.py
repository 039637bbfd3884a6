"""Studies of priority and of wait prediction, beside the shop's policies."""

from typing import Any

from callengine.core.match.policy import AgentKey, Policy
from sim.checks import Check, at_most
from sim.theory import erlang_c_wait_s
from sim.worlds.baselines_routing import ByStrict
from sim.worlds.routing import MakeRouter
from sim.worlds.routing_centres import one_pool
from sim.worlds.routing_estimates import EstimateTask, predict, together
from sim.worlds.routing_matcher import ByMatcher, Relaxing
from sim.worlds.routing_runs import Study, Task, study
from sim.worlds.routing_studies import Length
from sim.worlds.routing_tables import ESTIMATES, PRIORITY, PriorityRow
from sim.worlds.runs import over_seeds, run_all

AGENTS, OCCUPANCY = 20, 0.95

_CREDIT = Policy(
    bands=(),
    agents=(AgentKey.IDLE,),
    on_skill_credit_s=0.0,
    credit_cap_s=3_600.0,
    candidates_kept=0,
)


# --- priority ----------------------------------------------------------------------


def _key(row: PriorityRow) -> str:
    credit = "strict" if row.credit_s is None else f"+{row.credit_s:g} s"
    return f"{credit}, {row.vip_share:.0%} VIP"


def priority_rows(seed: int, length: Length) -> list[dict[str, Any]]:
    """Run every credit on the same callers; waits in seconds."""
    tasks = []
    for row in PRIORITY:
        maker: MakeRouter = ByMatcher(Relaxing(), _CREDIT)
        if row.credit_s is None:
            maker = ByStrict()
        credit_s = 1.0 if row.credit_s is None else row.credit_s
        centre = one_pool(
            AGENTS, OCCUPANCY, vip_share=row.vip_share, vip_credit_s=credit_s
        )
        tasks += [
            Task(
                key=_key(row),
                centre=centre,
                make_router=maker,
                seed=one,
                calls=length.calls,
            )
            for one in over_seeds(seed, length.seeds)
        ]
    found = study(tasks, processes=length.processes, label="priority")
    return [_priority_row(found, row) for row in PRIORITY]


def _priority_row(found: Study, row: PriorityRow) -> dict[str, Any]:
    key = _key(row)
    result: dict[str, Any] = {
        "rule": key,
        "credit_s": row.credit_s,
        "vip_share": row.vip_share,
    }
    for name in ("vip", "others"):
        for figure in ("mean_wait_s", "p95_wait_s", "longest_wait_s"):
            value = found.get(key, f"{name}:{figure}")
            result[f"{name}_{figure}"] = round(value.mean, 1)
            if figure == "mean_wait_s":
                result[f"{name}_{figure}_ci"] = round(value.half_width, 1)
    return result


def priority_checks(rows: list[dict[str, Any]]) -> list[Check]:
    """
    Order without priority as in theory, the rest in the proportions of the table.

    Means at 95 % occupancy swing by tens of per cent from run to run, the ratio of
    VIPs to others under the same callers does not.
    """
    theory_s = erlang_c_wait_s(AGENTS, OCCUPANCY * AGENTS, 180.0)
    checks = []
    for row, wanted in zip(rows, PRIORITY, strict=True):
        ratio = row["vip_mean_wait_s"] / row["others_mean_wait_s"]
        goal = wanted.vip_mean_s / wanted.others_mean_s
        checks.append(
            Check(
                f"{row['rule']}: VIP to others",
                abs(ratio - goal) <= 0.05,
                round(ratio, 3),
                f"{goal:.2f} ± 0.05",
            )
        )
    first = rows[0]
    half_s = max(first["others_mean_wait_s_ci"], 0.02 * theory_s)
    checks.append(
        Check(
            "no credit: mean wait, s",
            abs(first["others_mean_wait_s"] - theory_s) <= half_s,
            first["others_mean_wait_s"],
            f"theory {theory_s:.1f} ± {half_s:.1f}",
        )
    )
    return checks


# --- prediction of waits -----------------------------------------------------------


def estimate_rows(seed: int, length: Length) -> list[dict[str, Any]]:
    """Predict waits in the pools of the table; errors in seconds."""
    tasks = [
        EstimateTask(
            centre=one_pool(row.agents, row.occupancy, swing=row.swing),
            seed=one,
            calls=length.calls,
        )
        for row in ESTIMATES
        for one in over_seeds(seed, length.seeds)
    ]
    parts = run_all(predict, tasks, processes=length.processes, label="predictions")
    rows = []
    for place, row in enumerate(ESTIMATES):
        start = place * length.seeds
        found = together(parts[start : start + length.seeds])
        rows.append(
            {
                "agents": row.agents,
                "occupancy": row.occupancy,
                "swing": row.swing,
                "mean_wait_s": round(found.mean_wait_s, 1),
                "rmse_s": round(found.error_s(1), 1),
                "app_queue_rmse_s": round(found.error_s(3), 1),
                "covered": round(found.covered, 3),
                "told": len(found.seen),
                "silent": found.silent,
            }
        )
    return rows


def estimate_checks(rows: list[dict[str, Any]]) -> list[Check]:
    """No worse than the best published predictor; the range holds what it says."""
    checks = []
    for row, wanted in zip(rows, ESTIMATES, strict=True):
        where = f"{row['agents']} agents, swing {row['swing']:g}"
        relative = row["rmse_s"] / row["mean_wait_s"]
        best = wanted.best_s / wanted.mean_wait_s
        name = f"error of the wait over its mean, {where}"
        checks.append(at_most(name, round(relative, 3), round(best + 0.02, 3)))
        held = 0.55 <= row["covered"] <= 0.75
        name = f"waits within the range told, {where}"
        checks.append(Check(name, held, row["covered"], "0.55 to 0.75"))
    return checks
