"""
Published and earlier figures that the simulated centres must agree with.

The shop's rows are from a small independent program (24 agents, four products, load
20.5 erlangs, patience 120 s); Wallace & Whitt's row of one skill is a range around
what that program gave, that of six skills is exact theory.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRow:
    """Shares of a policy in the even mix and, with `surge`, in the surge."""

    within: float
    abandoned: float
    off_skill: float | None = None
    occupancy: float | None = None
    surge_within: float
    surge_abandoned: float
    surge_product_within: float


SHOP: dict[str, ShopRow] = {
    "1 skill, never relax": ShopRow(
        within=0.71,
        abandoned=0.12,
        off_skill=0.0,
        occupancy=0.75,
        surge_within=0.64,
        surge_abandoned=0.17,
        surge_product_within=0.33,
    ),
    "1 skill, relax at 60 s": ShopRow(
        within=0.70,
        abandoned=0.10,
        off_skill=0.07,
        occupancy=0.78,
        surge_within=0.64,
        surge_abandoned=0.12,
        surge_product_within=0.42,
    ),
    "1 skill, relax at 40 s": ShopRow(
        within=0.69,
        abandoned=0.093,
        off_skill=0.13,
        occupancy=0.80,
        surge_within=0.64,
        surge_abandoned=0.11,
        surge_product_within=0.47,
    ),
    "1 skill, relax at 15 s": ShopRow(
        within=0.79,
        abandoned=0.085,
        off_skill=0.32,
        occupancy=0.85,
        surge_within=0.79,
        surge_abandoned=0.087,
        surge_product_within=0.77,
    ),
    "1 skill, relax at 5 s": ShopRow(
        within=0.77,
        abandoned=0.080,
        off_skill=0.43,
        occupancy=0.87,
        surge_within=0.775,
        surge_abandoned=0.08,
        surge_product_within=0.77,
    ),
    "1 skill, anybody at once": ShopRow(
        within=0.76,
        abandoned=0.079,
        off_skill=0.50,
        occupancy=0.89,
        surge_within=0.75,
        surge_abandoned=0.083,
        surge_product_within=0.75,
    ),
    "2 skills, never relax": ShopRow(
        within=0.86,
        abandoned=0.048,
        off_skill=0.0,
        occupancy=0.81,
        surge_within=0.85,
        surge_abandoned=0.052,
        surge_product_within=0.79,
    ),
    "2 skills, relax at 15 s": ShopRow(
        within=0.85,
        abandoned=0.052,
        off_skill=0.11,
        occupancy=0.84,
        surge_within=0.86,
        surge_abandoned=0.051,
        surge_product_within=0.86,
    ),
    "all skills": ShopRow(
        within=0.90,
        abandoned=0.035,
        off_skill=0.0,
        occupancy=0.82,
        surge_within=0.90,
        surge_abandoned=0.035,
        surge_product_within=0.89,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityRow:
    """Waits in seconds of VIPs and others under a credit, None for strict order."""

    credit_s: float | None
    vip_share: float
    vip_mean_s: float
    others_mean_s: float


PRIORITY = (
    PriorityRow(credit_s=0, vip_share=0.1, vip_mean_s=144, others_mean_s=143),
    PriorityRow(credit_s=60, vip_share=0.1, vip_mean_s=109, others_mean_s=147),
    PriorityRow(credit_s=120, vip_share=0.1, vip_mean_s=83, others_mean_s=150),
    PriorityRow(credit_s=300, vip_share=0.1, vip_mean_s=38, others_mean_s=155),
    PriorityRow(credit_s=None, vip_share=0.1, vip_mean_s=8, others_mean_s=158),
    PriorityRow(credit_s=0, vip_share=0.4, vip_mean_s=143, others_mean_s=143),
    PriorityRow(credit_s=60, vip_share=0.4, vip_mean_s=119, others_mean_s=159),
    PriorityRow(credit_s=None, vip_share=0.4, vip_mean_s=11, others_mean_s=231),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRow:
    """Error of wait predictions at joining, root of the mean square, in seconds."""

    agents: int
    occupancy: float
    swing: float
    mean_wait_s: float
    best_s: float
    """Place times handling time over agents, the best predictor published."""
    app_queue_s: float


ESTIMATES = (
    EstimateRow(
        agents=20,
        occupancy=0.95,
        swing=0.0,
        mean_wait_s=158,
        best_s=38,
        app_queue_s=57,
    ),
    EstimateRow(
        agents=20,
        occupancy=0.9,
        swing=0.3,
        mean_wait_s=412,
        best_s=62,
        app_queue_s=119,
    ),
    EstimateRow(
        agents=8,
        occupancy=0.9,
        swing=0.0,
        mean_wait_s=235,
        best_s=74,
        app_queue_s=116,
    ),
)
