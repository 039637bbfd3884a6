"""The machine's clock was set by an hour or a day: no timer ends early or stretches."""

from pathlib import Path

import pytest

from callengine.boot.clock import SteadyClock
from callengine.core import facts as saw
from callengine.core.ids import ChannelId
from callengine.core.records import CallRecord, LegRecord
from callengine.core.rules import Rules
from callengine.engine.wall import shifted
from tests.support.pool_kit import NUMBER, RU, make_agent, make_card, play

STEPS_S = [3600.0, -3600.0, 86_400.0, -86_400.0, 1.0, 40 * 365 * 86_400.0]


class Machine:
    """Both clocks of a machine, and somebody who sets one of them."""

    def __init__(self, folder: Path) -> None:
        self.wall_at, self.up_s = 1_795_000_000.0, 5000.0
        self.folder = folder
        self.boot = folder / "boot_id"
        self.boot.write_text("this-boot\n")

    def passes(self, seconds: float) -> None:
        self.wall_at += seconds
        self.up_s += seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(
            self.folder / "clock.json",
            wall=lambda: self.wall_at,
            monotonic=lambda: self.up_s,
            boot_id=self.boot,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("step_s", STEPS_S)
def test_instants_go_on_whatever_the_wall_clock_is_set_to(
    machine: Machine, step_s: float
) -> None:
    clock = machine.clock()
    began_at = clock()
    assert began_at == machine.wall_at
    machine.passes(10)
    machine.wall_at += step_s
    assert clock() - began_at == pytest.approx(10)
    assert clock() + clock.ahead_s() == pytest.approx(machine.wall_at)


def test_a_restart_after_a_step_goes_on_with_the_same_instants(
    machine: Machine,
) -> None:
    before = machine.clock()
    machine.passes(5)
    machine.wall_at += 3600
    after = machine.clock()
    assert after() == pytest.approx(before())
    assert after.ahead_s() == pytest.approx(3600)


def test_a_reboot_begins_anew_by_the_wall_clock(machine: Machine) -> None:
    machine.clock()
    machine.wall_at += 3600
    machine.boot.write_text("another-boot\n")
    machine.up_s = 3.0
    clock = machine.clock()
    assert clock() == pytest.approx(machine.wall_at)
    assert clock.ahead_s() == 0.0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"boot": "this-boot"}', "null"])
def test_a_broken_file_is_begun_anew(machine: Machine, text: str) -> None:
    (machine.folder / "clock.json").write_text(text)
    assert machine.clock()() == pytest.approx(machine.wall_at)


def test_drift_is_no_step(machine: Machine) -> None:
    clock = machine.clock()
    machine.passes(3600)
    machine.wall_at += 0.2
    assert clock.ahead_s() == 0.0


@pytest.mark.parametrize("wrong_s", [3600.0, 86_400.0])
def test_one_fact_with_a_wrong_clock_holds_no_timer_up(wrong_s: float) -> None:
    room = play(make_agent("anna"), rules=Rules(wrap_up_s=30))
    room.ready("anna")
    call = room.calls_in("ch1")
    room.talk("ch1")
    true = room.now
    phone = "PJSIP/anna"
    room.see(saw.EndpointChanged(at=true + wrong_s, endpoint=phone, reachable=True))
    assert call.customer is not None
    gone = call.customer.channel
    room.see(saw.ChannelGone(at=true + 1, channel=gone, cause=16))
    assert room.agent("anna").until == pytest.approx(true + 31)
    channel = ChannelId("ch2")
    room.see(
        saw.CallArrived(
            at=true + 2,
            channel=channel,
            dialled_number=NUMBER,
            caller_number="+79160000002",
        )
    )
    second = room.call("ch2")
    room.see(
        saw.CallerIdentified(
            at=true + 2, call=second.call, card=make_card(), requirement=RU
        )
    )
    assert 0 < room.timers[f"call:{second.call}"] - (true + 2) <= 300


def test_records_are_written_by_the_wall_clock() -> None:
    leg = LegRecord(channel=ChannelId("c"), role="customer", started_at=100.0)
    record = CallRecord(
        call=saw.CallId("k"),
        shop=None,
        direction="inbound",
        number=None,
        dialled_number="+7",
        customer=None,
        order=None,
        agent=None,
        requirement="",
        enqueued_at=100.0,
        answered_at=None,
        bridged_at=None,
        ended_at=130.0,
        ending="abandoned",
        legs=(leg,),
        events=((100.0, "arrived", "+7"),),
    )
    (moved,) = shifted([record], 3600.0)
    assert (moved.enqueued_at, moved.answered_at, moved.ended_at) == (3700, None, 3730)
    assert moved.legs[0].started_at == 3700
    assert moved.events == ((3700.0, "arrived", "+7"),)
    assert shifted([record], 0.0)[0] is record
