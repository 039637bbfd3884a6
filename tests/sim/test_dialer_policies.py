"""The production pacer in virtual days: goals, limits, agents who leave, the clock."""

import json
from functools import cache

import pytest
from typer.testing import CliRunner

from callengine.core.compliance.presets import PRESETS
from callengine.core.recycling.urgency import OrderClock, UrgencyRules
from sim.cli import app
from sim.worlds import dialer_changing
from sim.worlds.baselines_dialer import Progressive
from sim.worlds.clock import BOOKS, ClockTask, DeadlineOrder, figures, live_through
from sim.worlds.clock import Order as ClockOrder
from sim.worlds.dialer import HOUR_S, DialerWorld, Tally
from sim.worlds.dialer_days import DayDone, DayTask
from sim.worlds.dialer_days import live_through as live_day
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import SCENARIOS, WARM
from sim.worlds.dialer_reference import REFERENCE


@pytest.mark.parametrize(
    ("scenario", "agents"), [("A", 3), ("A", 20), ("B", 5), ("B", 15)]
)
def test_the_pacer_learns_and_is_within_a_point_of_the_look_ahead(
    scenario: str, agents: int
) -> None:
    """Short runs err by about half a point; the full table is in docs/pacing.md."""
    policy = Predictive(hang_up_after_s=15.0)
    world = DialerWorld(SCENARIOS[scenario], agents, policy, seed=11)
    tally = world.run(240 / agents * HOUR_S)
    least = REFERENCE[scenario, agents].look_ahead - 0.015
    assert tally.utilisation > least
    assert tally.nuisance_rate <= 0.03
    learned = policy.pacer.estimates
    people = SCENARIOS[scenario]
    assert learned.talk.mean_s() == pytest.approx(people.talk_s, rel=0.12)
    assert learned.wrap_up.mean_s() == pytest.approx(people.wrap_up_s, rel=0.1)


def test_never_hanging_up_costs_little_and_keeps_the_limit() -> None:
    world = DialerWorld(WARM, 10, Predictive(), seed=12)
    tally = world.run(24 * HOUR_S)
    assert tally.hung_up == 0
    assert tally.nuisance_rate <= 0.03
    assert tally.utilisation > REFERENCE["A", 10].look_ahead - 0.015


@cache
def _day(regime: str) -> DayDone:
    return live_day(DayTask(regime, seed=3))


@pytest.mark.parametrize("regime", sorted(PRESETS))
def test_a_changing_day_is_within_the_limit(regime: str) -> None:
    done = _day(regime)
    assert done.share <= PRESETS[regime].nuisance.limit
    tally = done.tally
    assert tally.served > 100
    assert 0.4 < tally.utilisation < 1


def test_a_day_under_the_strict_regime_is_busier_than_nothing_and_annoys_nobody() -> (
    None
):
    strict, russia = _day("strict").tally, _day("russia").tally
    assert strict.nuisances == 0
    assert strict.utilisation < russia.utilisation


def test_an_agent_who_wishes_to_leave_goes_when_no_line_needs_them() -> None:
    world = DialerWorld(WARM, 3, Progressive(), seed=1)
    world.policy.keeps_leavers = True
    world.run(10.0)
    leaver = world.workers[0]
    world.wish_to_leave(leaver, most_s=60.0)
    world.wish_to_leave(leaver, most_s=60.0)
    assert leaver in world.workers
    world.kernel.run(HOUR_S)
    assert leaver not in world.workers
    assert world.tally.nuisances == 0


def test_nothing_is_dialled_within_a_second_of_the_last_agents_leaving() -> None:
    world = DialerWorld(WARM, 4, Predictive(hang_up_after_s=15.0), seed=2)
    world.run(HOUR_S)
    for worker in list(world.workers):
        world.vanish(worker)
    before = world.tally.attempts
    world.kernel.run(2 * HOUR_S)
    assert world.tally.attempts == before
    assert not world.lines


def test_an_agent_who_vanishes_in_a_call_is_counted_until_then() -> None:
    world = DialerWorld(WARM, 1, Progressive(), seed=5)
    world.run(HOUR_S)
    spent_s = world.tally.logged_in_s
    assert spent_s == pytest.approx(HOUR_S)
    world.vanish(world.workers[0])
    world.vanish(world.log_in())
    assert world.workers == []


def test_days_are_summed_up_by_regime_beside_vicidial() -> None:
    tally = Tally(served=970, nuisances=20, busy_s=80, logged_in_s=100)
    good, bad = DayDone(tally, 0.02), DayDone(tally, 0.04)
    found = {name: [good, good] for name in PRESETS}
    found["uk"] = [good, bad]
    found["vici_y"] = [bad, bad]
    report = dialer_changing.report_of(found)
    assert report["days"] == 2
    assert report["days_within_limit"] == 0
    assert report["by_regime"]["uk"]["days_within_limit"] == 1
    assert report["by_regime"]["us_ftc"]["vici_y"]["days_within_limit"] == 0
    checks = {check.name: check.ok for check in dialer_changing.checks_of(report)}
    assert checks["us_ftc: share of days within the limit"]
    assert not checks["uk: share of days within the limit"]


def test_deadline_order_is_sooner_at_logistics_than_list_order() -> None:
    days = {rule: figures([live_through(ClockTask(rule, 5, 4, 800))]) for rule in BOOKS}
    gain = days["deadline_order"]["share_within_15min"]
    assert gain > days["list_order"]["share_within_15min"] + 0.05


def test_a_book_of_deadlines_gives_the_one_that_can_still_be_kept() -> None:
    book = DeadlineOrder(UrgencyRules())
    for number, placed_at in enumerate((0.0, 500.0, 300.0)):
        book.add(ClockOrder(number, OrderClock(placed_at=placed_at)), placed_at)
    taken = [book.take(1000.0).number for _ in range(3)]
    assert taken == [2, 1, 0]
    assert len(book) == 0


def _run(*words: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, [*words, "--processes", "1", "--json"])
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def test_the_dialer_command_prints_what_machines_expect() -> None:
    code, report = _run(
        "dialer", "--scenario", "B", "--agents", "4", "--hours", "1", "--seeds", "1"
    )
    assert code in (0, 1)
    assert report["ok"] is (code == 0)
    for key in ("utilisation", "nuisance_rate", "talk_min_per_hour", "checks", "seed"):
        assert key in report
    baselines = report["baselines"]
    assert isinstance(baselines, dict)
    for name in ("progressive", "vici_n", "vici_y", "clairvoyant"):
        assert {"utilisation", "nuisance_rate"} <= set(baselines[name])


def test_the_changing_and_clock_commands_print_what_machines_expect() -> None:
    _, days = _run("dialer", "--changing", "--days", "1")
    assert {"days", "days_within_limit", "utilisation", "by_regime"} <= set(days)
    _, clock = _run("clock", "--days", "1", "--orders", "300", "--agents", "2")
    keys = {"share_within_15min", "p50_min", "p90_min", "list_order", "checks"}
    assert keys <= set(clock)


def test_wrong_use_says_so() -> None:
    for words in (["dialer", "--agents", "0"], ["dialer", "--scenario", "C"]):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 2


def test_regimes_that_count_alike_are_lived_through_once() -> None:
    stand_ins = {name: dialer_changing.stand_in(name) for name in PRESETS}
    assert stand_ins["uk"] == stand_ins["russia"] == stand_ins["house"]
    assert len(set(stand_ins.values())) == 4
    for name in ("uk", "russia"):
        assert _day(name) == _day(stand_ins[name])
