"""
Agents who rest under the limits of routing are not expected by the pacer.

Found by the simulator: six agents with an occupancy cap of 60 % dialling a list. The
matcher lets an agent over the cap rest; the pacer counts the same agent as free and
dials for them, so that half of all answered customers found nobody (limit 3 %).
"""

from callengine.core import effects as do
from callengine.core.match.policy import Limits, Policy
from callengine.core.rules import PacingRules, Rules
from sim.centre.figures import total_of
from sim.centre.model import Centre
from sim.centre.world import CentreWorld
from tests.support.pool_kit import Play, make_agent, make_lead, play

ONE_AN_HOUR = Rules(
    wrap_up_s=0.0,
    routing=Policy(limits=Limits(calls_per_hour=1)),
    pacing=PacingRules(keep_free=0),
)
FIRST, SECOND = "+79160000001", "+79160000002"


def dialled(here: Play) -> list[str]:
    """Return the customers' numbers dialled so far."""
    asked = here.asked(do.Originate)
    return [e.endpoint.split("/")[1].split("@")[0] for e in asked if "@" in e.endpoint]


def test_an_agent_who_rests_is_not_dialled_for() -> None:
    here = play(make_agent("anna"), rules=ONE_AN_HOUR)
    here.ready("anna")
    here.offered(make_lead("o1", FIRST))
    customer = here.last(do.Originate).channel
    here.rings(customer)
    here.answers(customer)
    phone = here.last(do.Originate).channel
    here.answers(phone)
    here.joins(customer, phone)
    here.wait(60)
    here.ends(customer)
    here.ends(phone)
    assert not here.pool.matcher.is_free(here.agent("anna").agent), "she rests"
    here.offered(make_lead("o2", SECOND))
    here.wait(60)
    assert dialled(here) == [FIRST]


def test_a_cap_on_occupancy_leaves_the_limit_on_nuisance_calls_kept() -> None:
    centre = Centre.model_validate(
        {
            "title": "a list under a cap",
            "date": "2026-03-03",
            "rules": {
                "occupancy_cap": 0.6,
                "occupancy_window_s": 900.0,
                "keep_free": 0,
            },
            "shops": {"teplo": {"orders": {"backlog": 400}}},
            "teams": {
                "main": {
                    "agents": 6,
                    "shops": ["teplo"],
                    "shift": "09:00-11:00",
                    "skills": {"lang.uk": 8},
                }
            },
        }
    )
    count = total_of(CentreWorld(centre, seed=1).live())
    assert count.live > 50
    assert count.late <= 0.03 * count.live + 1
