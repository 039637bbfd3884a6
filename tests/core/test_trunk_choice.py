"""Which trunk is dialled by, and why not by the others; pure decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.ids import ShopId
from callengine.core.trunks.choosing import Choice, NoTrunk
from callengine.core.trunks.formats import NumberFormat, NumberRules
from callengine.core.trunks.standing import FAILURES, REST_S
from callengine.core.trunks.trunk import ShownNumber, Trunk
from callengine.core.trunks.trunks import Trunks

TEPLO = ShopId("teplo")
CUSTOMER, OURS = "+79161234567", "+74950000101"


def fleet(*trunks: Trunk) -> Trunks:
    """Trunks in the order of the settings."""
    return Trunks({trunk.name: trunk for trunk in trunks})


def chosen(
    trunks: Trunks,
    *names: str,
    number: str = CUSTOMER,
    now: float = 100.0,
    tried: tuple[str, ...] = (),
) -> Choice | NoTrunk:
    """What a call of the shop is dialled by."""
    return trunks.choose(
        names, now, shop=TEPLO, number=number, caller_id=OURS, tried=tried
    )


def name_of(found: Choice | NoTrunk) -> str:
    """The chosen trunk's name, '' for none."""
    return found.trunk.name if isinstance(found, Choice) else ""


A, B, C = Trunk(name="a", cost=9), Trunk(name="b", cost=2), Trunk(name="c", cost=5)


def test_a_shop_is_dialled_by_the_first_it_names() -> None:
    assert name_of(chosen(fleet(A, B, C), "a", "c")) == "a"
    assert name_of(chosen(fleet(A, B, C), "c", "b")) == "c"


def test_a_shop_that_names_none_is_dialled_by_the_cheapest() -> None:
    assert name_of(chosen(fleet(A, B, C))) == "b"


def test_those_that_were_tried_are_not_asked_again() -> None:
    trunks = fleet(A, B)
    assert name_of(chosen(trunks, "a", "b", tried=("a",))) == "b"
    assert name_of(chosen(trunks, "a", "b", tried=("a", "b"))) == ""


def test_a_destination_that_a_trunk_does_not_take_goes_by_the_next() -> None:
    ru = Trunk(name="ru", takes=("+7",), refuses=("+77", "+7809"))
    trunks = fleet(ru, B)
    assert name_of(chosen(trunks, "ru", "b")) == "ru"
    for number in ("+77011234567", "+78091234567", "+380671234567"):
        found = chosen(trunks, "ru", "b", number=number)
        assert name_of(found) == "b"
        assert found.passed == ("ru: not for this destination",)
        nothing = chosen(trunks, "ru", number=number)
        assert isinstance(nothing, NoTrunk)
        assert nothing.wait_s >= 3600


def test_channels_are_counted_both_ways_and_given_back() -> None:
    trunks = fleet(Trunk(name="small", channels=2), B)
    small = trunks.get("small")
    assert small is not None
    small.came_in()
    small.dialled(100)
    found = chosen(trunks, "small", "b")
    assert (name_of(found), found.passed) == ("b", ("small: all 2 channels are taken",))
    assert trunks.room(("small",), 100) == 0
    small.freed()
    assert name_of(chosen(trunks, "small", "b")) == "small"


def test_calls_per_second_are_kept_and_come_back_with_time() -> None:
    trunks = fleet(Trunk(name="slow", calls_per_s=2.0))
    slow = trunks.get("slow")
    assert slow is not None
    started = 0
    for tick in range(100):
        now = 100.0 + tick / 10
        if isinstance(chosen(trunks, "slow", now=now), Choice):
            slow.dialled(now)
            started += 1
    assert 20 <= started <= 22


@given(st.floats(0.1, 50), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_second_ever_has_more_calls_than_the_carrier_takes(
    per_s: float, gaps_s: list[float]
) -> None:
    trunks = fleet(Trunk(name="slow", calls_per_s=per_s))
    slow = trunks.get("slow")
    assert slow is not None
    now, at = 1000.0, []
    for gap_s in gaps_s:
        now += gap_s
        while isinstance(chosen(trunks, "slow", now=now), Choice):
            slow.dialled(now)
            at.append(now)
    for begin in at:
        within = [one for one in at if begin <= one < begin + 1]
        assert len(within) <= 2 * max(1.0, per_s) + 1


def test_a_trunk_that_is_not_registered_or_does_not_answer_is_passed_over() -> None:
    trunks = fleet(A, B)
    a = trunks.get("a")
    assert a is not None
    a.registered, a.registration = False, "Rejected"
    assert chosen(trunks, "a", "b").passed == ("a: not registered (Rejected)",)
    a.registered, a.reachable = True, False
    assert chosen(trunks, "a", "b").passed == ("a: does not answer",)
    a.reachable = None
    assert name_of(chosen(trunks, "a", "b")) == "a"


def broken(trunks: Trunks, name: str, now: float, times: int = FAILURES) -> None:
    """Let a trunk fail in a row."""
    standing = trunks.get(name)
    assert standing is not None
    for _ in range(times):
        standing.dialled(now)
        standing.broke(now, 503, "SIP 503")
        standing.freed()


def test_a_trunk_that_fails_in_a_row_rests_and_one_call_probes_it() -> None:
    trunks = fleet(A, B)
    broken(trunks, "a", 100)
    a = trunks.get("a")
    assert a is not None
    assert name_of(chosen(trunks, "a", "b", now=100)) == "b"
    over = 100 + REST_S
    assert trunks.room(("a",), over) == 1
    assert name_of(chosen(trunks, "a", "b", now=over)) == "a"
    a.dialled(over)
    # While the probe is out nobody else goes by it.
    assert name_of(chosen(trunks, "a", "b", now=over)) == "b"
    a.broke(over, 503, "SIP 503")
    assert name_of(chosen(trunks, "a", "b", now=over + REST_S)) == "b"
    again = over + 2 * REST_S
    assert name_of(chosen(trunks, "a", "b", now=again)) == "a"
    a.dialled(again)
    a.carried()
    assert trunks.room(("a",), again) > 1


def test_a_probe_that_is_never_heard_of_again_does_not_close_a_trunk_for_ever() -> None:
    trunks = fleet(A)
    broken(trunks, "a", 100)
    a = trunks.get("a")
    assert a is not None
    a.dialled(120)
    assert name_of(chosen(trunks, "a", now=130)) == ""
    assert name_of(chosen(trunks, "a", now=200)) == "a"


def test_a_few_failures_among_calls_that_come_through_stop_nothing() -> None:
    trunks = fleet(A)
    a = trunks.get("a")
    assert a is not None
    for _ in range(20):
        broken(trunks, "a", 100, times=FAILURES - 1)
        a.carried()
    assert name_of(chosen(trunks, "a")) == "a"


def test_a_name_that_the_settings_do_not_have_is_told() -> None:
    found = chosen(fleet(A), "lviv")
    assert isinstance(found, NoTrunk)
    assert found.reason == "lviv: no such trunk"


def test_without_settings_a_name_is_a_trunk_of_the_admins_own() -> None:
    found = chosen(Trunks({}), "lviv")
    assert isinstance(found, Choice)
    assert found.trunk.dial_string(CUSTOMER) == "PJSIP/+79161234567@lviv"
    assert name_of(chosen(Trunks({}))) == "trunk"


# --- what is sent and shown ---


def test_a_number_is_dialled_in_the_carriers_way_behind_its_prefix() -> None:
    rules = NumberRules(send=NumberFormat.NATIONAL, show=NumberFormat.DIGITS)
    trunk = Trunk(name="msk", numbers=rules, tech_prefix="777#")
    assert trunk.dial_string(CUSTOMER) == "PJSIP/777#89161234567@msk"
    assert trunk.caller_id(TEPLO, OURS, CUSTOMER) == "74950000101"


SPB, MSK, SHARED = "+78120000101", "+74950000101", "+74990000101"


@pytest.mark.parametrize(
    ("shop", "wanted", "number", "shown"),
    [
        ("teplo", MSK, "+79161234567", MSK),  # its own, among what may be shown
        ("teplo", MSK, "+78121234567", SPB),  # near the customer
        ("svitlo", "+74993333333", "+79161234567", SHARED),  # not its own: may not
        ("svitlo", MSK, "+79161234567", SHARED),  # another shop's
    ],
)
def test_a_customer_is_shown_a_number_that_the_carrier_lets_us_show(
    shop: str, wanted: str, number: str, shown: str
) -> None:
    trunk = Trunk(
        name="msk",
        shown=(
            ShownNumber(number=SHARED),
            ShownNumber(number=MSK, shops=("teplo",)),
            ShownNumber(number=SPB, shops=("teplo",), to=("+7812",)),
        ),
    )
    assert trunk.shows(ShopId(shop), wanted, number) == shown


def test_a_shop_that_may_show_nothing_goes_by_another_trunk() -> None:
    strict = Trunk(name="strict", shown=(ShownNumber(number=MSK, shops=("other",)),))
    found = chosen(fleet(strict, B), "strict", "b")
    assert name_of(found) == "b"
    assert found.passed == ("strict: may show none of the shop's numbers",)
