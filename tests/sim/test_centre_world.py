"""
A centre in virtual time: nobody is lost, theory is met, clocks may do as they like.

CALLENGINE_LONG=1 lives through longer and more days.
"""

import datetime
import os
from collections.abc import Mapping
from typing import Any

import pytest

from sim.centre.day import Day
from sim.centre.figures import agents_of, total_of
from sim.centre.model import Centre, Flow
from sim.centre.tally import DayDone
from sim.centre.world import CentreWorld
from sim.theory import erlang_a
from sim.worlds.dialer import DialerWorld
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import WARM
from sim.worlds.kernel import Kernel
from sim.worlds.runs import interval

LONG = bool(os.environ.get("CALLENGINE_LONG"))
AT_ONCE = {"identify_s": 0, "phone_s": 0, "join_s": 0, "hang_up_s": 0, "feed_s": 0}


def centre(**changes: Any) -> Centre:
    """A small shop with calls and orders; top-level tables can be replaced."""
    made: dict[str, Any] = {
        "title": "small",
        "zone": "Europe/Kyiv",
        "date": datetime.date(2026, 3, 3),
        "shops": {
            "teplo": {
                "greeting_s": 3,
                "calls": {
                    "per_hour": {"09:00-11:30": 40},
                    "products": {"phones": 0.4},
                    "languages": {"uk": 0.6, "ru": 0.4},
                },
                "orders": {
                    "per_hour": {"09:00-11:30": 60},
                    "backlog": 20,
                    "machine": 0.1,
                    "answered": 0.45,
                },
            }
        },
        "teams": {
            "main": {
                "agents": 5,
                "shops": ["teplo"],
                "shift": "09:00-12:00",
                "skills": {"lang.uk": 8, "lang.ru": 6, "product.phones": 4},
                "misses": 0.05,
                "late_s": 60,
                "breaks": [{"at": "10:00", "minutes": 15, "turn_minutes": 5}],
            }
        },
    }
    return Centre.model_validate({**made, **changes})


def live(made: Centre, seed: int = 1) -> DayDone:
    """Live through a day."""
    return CentreWorld(made, seed).live()


TROUBLES: Mapping[str, dict[str, Any]] = {
    "nothing special": {},
    "the clocks go forward": {"date": datetime.date(2026, 3, 29)},
    "the clocks go back": {"date": datetime.date(2026, 10, 25)},
    "the engine's clock jumps": {
        "jumps": [
            {"at": "09:40", "seconds": -45},
            {"at": "10:30", "seconds": 600},
            {"at": "11:00", "seconds": -900},
        ]
    },
    "a trunk of six lines that fails": {
        "trunks": {
            "main": {"lines": 6, "fails": [{"at": "10:00", "minutes": 20, "share": 1}]}
        }
    },
    "a day before that does not count": {"days_before": 1},
}


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_nobody_is_lost_and_nobody_is_left(trouble: str) -> None:
    for seed in range(5 if LONG else 1):
        done = live(centre(**TROUBLES[trouble]), seed)
        count = total_of(done)
        assert (done.lost, done.left) == (0, 0)
        assert count.offered > 50
        assert count.answered > 20
        assert count.attempts > 50
        assert count.machines > 0


def test_phones_that_drop_out_lose_nobody_either() -> None:
    team = centre().teams["main"].model_dump()
    team |= {"drop_outs": 8, "drop_out_minutes": 3, "misses": 0.3}
    done = live(centre(teams={"main": team}))
    assert (done.lost, done.left) == (0, 0)
    assert total_of(done).answered > 20


def test_the_same_seed_is_the_same_day_and_another_is_not() -> None:
    one, same, other = (live(centre(), seed) for seed in (3, 3, 4))
    assert one.cells == same.cells
    assert one.agents == same.agents
    assert one.cells != other.cells


def test_the_same_people_order_whatever_the_rules_are() -> None:
    usual = live(centre())
    changed = live(centre(rules={"keep_free": 0, "spare": "never"}))
    assert total_of(usual).placed == total_of(changed).placed
    assert usual.cells != changed.cells


def test_agents_time_adds_up_to_their_shifts() -> None:
    team = centre().teams["main"].model_dump() | {"late_s": 0}
    done = live(centre(teams={"main": team}))
    for times in done.agents.values():
        # Whoever talks at the end of the shift stays until the paperwork is done.
        spent_h = (times.at_work + times.paused) / 3600
        assert 3.0 - 1e-6 <= spent_h <= 3.5
    by_agent, by_hour = agents_of(done), sum(t.busy for t in done.hours.values())
    assert by_hour == pytest.approx(by_agent.busy)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)],
)
def test_a_day_has_the_hours_that_clocks_give_it(day: str, hours: int) -> None:
    one = Day(datetime.date.fromisoformat(day), "Europe/Kyiv")
    assert (one.ends_at - one.begins_at) / 3600 == hours
    flow = Flow.model_validate({"per_hour": {"00:00-24:00": 300}})
    came = list(one.arrivals(flow, Kernel(1).stream("calls")))
    assert came == sorted(came)
    assert len(came) == pytest.approx(300 * hours, rel=0.05)
    assert {one.hour(at) for at in came} == {
        hour for hour in range(24) if (day, hour) != ("2026-03-29", 3)
    }


def test_a_surge_multiplies_what_comes_in_while_it_lasts() -> None:
    day = Day(datetime.date(2026, 3, 3), "Europe/Kyiv")
    flow = Flow.model_validate(
        {
            "per_hour": {"09:00-12:00": 100},
            "surges": [{"at": "10:00", "minutes": 30, "times": 4}],
        }
    )
    rates = [(end - begin, rate) for begin, end, rate in day.rates(flow)]
    assert rates == [(3600, 100), (1800, 400), (5400, 100)]


def test_callers_alone_are_served_as_erlang_a_says() -> None:
    """M/M/8+M; a lognormal talk of variation 1 is near enough to exponential."""
    talk_s, patience_s, per_hour, agents = 150.0, 90.0, 190.0, 8
    shop = {
        "regime": "house",
        "calls": {
            "per_hour": {"00:00-24:00": per_hour},
            "patience_s": patience_s,
            "talk_s": talk_s,
            "talk_cv": 1.0,
            "wrap_up_s": 0,
            "redial": 0,
        },
    }
    team = {
        "agents": agents,
        "shops": ["teplo"],
        "shift": "00:00-24:00",
        "skills": {"lang.uk": 8},
        "pick_up_s": 0.01,
    }
    made = centre(
        shops={"teplo": shop},
        teams={"main": team},
        delays=AT_ONCE,
        rules={"max_wait_s": 14_400},
    )
    days = [live(made, seed) for seed in range(8 if LONG else 4)]
    left = interval([total_of(d).abandoned / total_of(d).offered for d in days])
    busy = interval([agents_of(d).occupancy for d in days])
    theory = erlang_a(agents, per_hour / 3600, talk_s, patience_s)
    assert left.mean == pytest.approx(theory.left, abs=left.half_width + 0.01)
    assert busy.mean == pytest.approx(theory.occupancy, abs=busy.half_width + 0.01)


def test_the_engine_dials_as_well_as_its_pacer_alone() -> None:
    """The pool's leads, verdicts, matcher and timers cost the pacer nothing."""
    hours, agents = (12, 20) if LONG else (3, 12)
    shop = {
        "regime": "any_hour",
        "message_s": 1,
        "orders": {"backlog": 80 * hours * agents},
    }
    team = {
        "agents": agents,
        "shops": ["teplo"],
        "shift": f"06:00-{6 + hours:02}:00",
        "skills": {"lang.uk": 8},
    }
    made = centre(
        shops={"teplo": shop},
        teams={"main": team},
        delays=AT_ONCE,
        regimes={"any_hour": {"base": "us_ftc", "hours": {"all": "00:00-24:00"}}},
        rules={"wrap_up_s": 900, "keep_free": 0, "max_tries": 1},
    )
    seeds = range(6 if LONG else 2)
    pool = interval([agents_of(live(made, seed)).utilisation for seed in seeds])
    alone = interval([_alone(agents, hours, seed) for seed in seeds])
    assert pool.mean == pytest.approx(alone.mean, abs=0.01 if LONG else 0.03)


def _alone(agents: int, hours: float, seed: int) -> float:
    world = DialerWorld(WARM, agents, Predictive(), seed=seed)
    return world.run(hours * 3600).utilisation
