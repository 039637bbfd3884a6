"""The true distributions of simulated people, for baselines that are told them."""

from math import erfc, exp, log, sqrt

from callengine.core.predictive.answers import CURVE_S
from callengine.core.predictive.spans import LONGEST_S
from sim.worlds.dialer_people import People

Curves = tuple[list[float], list[float], list[float], list[float]]


def true_curves(people: People) -> Curves:
    """
    Write people's behaviour as curves at whole seconds.

    Returns:
        Share of talks and of wrap-ups that last longer than each second; share of
        answers that came by each second of an attempt, and of other ends that had not.
    """
    spread = sqrt(log(1 + people.talk_cv**2))
    mu = log(people.talk_s) - spread**2 / 2
    talk = [1.0]
    wrap_up = []
    for s in range(LONGEST_S + 1):
        if s:
            talk.append(erfc((log(s) - mu) / spread / sqrt(2)) / 2)
        phases = 2 * s / people.wrap_up_s
        wrap_up.append((1 + phases) * exp(-phases))
    others = 1 - people.answered
    failed = others - people.no_answer - people.busy
    by, still = [], []
    for s in range(CURVE_S + 1):
        rung_s = max(0.0, s - people.setup_s)
        phases = 3 * rung_s / people.answer_s
        beyond = exp(-phases) * (1 + phases + phases**2 / 2)
        by.append(1.0 if s >= people.ring_s else 1 - beyond)
        left = people.no_answer * (s < people.ring_s)
        left += people.busy * exp(-rung_s / people.busy_s)
        left += failed * (s < people.setup_s)
        still.append(left / others)
    return talk, wrap_up, by, still
