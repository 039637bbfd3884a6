"""The simulator's twin of a live run."""

import pytest

from sim.livedialer.twin import Team, TwinTask, figures, live_once


def test_the_twin_is_busy_as_a_progressive_team_is() -> None:
    team = Team("A", 20, "progressive", 300, 1800)
    told = figures([live_once(TwinTask(team, seed)) for seed in range(6)])
    assert told["utilisation"] == pytest.approx(0.80, abs=0.02)
    assert told["nuisance_rate"] == 0.0


def test_a_delayed_twin_lives_nearly_as_its_brother() -> None:
    team = Team("A", 20, "predictive", 60, 300)
    plain = live_once(TwinTask(team, 3))
    delayed = live_once(TwinTask(team, 3, jitter=1))
    assert delayed != plain
    assert delayed.utilisation == pytest.approx(plain.utilisation, abs=0.02)
