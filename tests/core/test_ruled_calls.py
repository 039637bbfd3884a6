"""Calls that rules have spoken of: what they ask for, keep, and leave on record."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.call import Call
from callengine.core.ids import AgentId, ChannelId
from callengine.core.living import Living, LivingChannel
from callengine.core.machines import CallState
from callengine.core.match.policy import Limits, Policy
from callengine.core.match.relaxation import BadLadder, Ladder, Step
from callengine.core.match.requirement import ANYBODY, Expr, Level, Not, both, either
from callengine.core.reconcile import reconcile
from callengine.core.rulebook.book import CallFacts
from callengine.core.rulebook.deciding import Decider
from callengine.core.rulebook.reading import read_rulebook
from callengine.core.rulebook.written import (
    WrittenStep,
    read_expr,
    read_ladder,
    write_ladder,
)
from callengine.core.rules import PacingRules, Rules
from callengine.core.ruling import Ruling, ruling_of
from callengine.engine.ports import Entry
from callengine.engine.recovery import read_back
from tests.support.pool_kit import NUMBER, RU, Play, make_agent, make_card, play

BOOK = read_rulebook(
    """
    [defaults]
    relax = [{ after_s = 10, drop = "*" }]
    [[rules]]
    name = "everybody"
    hard = "shop.{shop} and lang.{language}>=5"
    prefer = ["last_agent"]
    prefer_s = 20
    [[rules]]
    name = "technical line"
    when = { dialled = "+7495*" }
    soft = "tech>=5 or product.phones>=7"
    credit_s = 60
    """
)
FACTS = CallFacts(shop="teplo", language="ru", dialled=NUMBER)


def ruling(**changes: object) -> Ruling:
    """What the rules say of the call."""
    facts = replace(FACTS, **changes)  # type: ignore[arg-type]
    return ruling_of(Decider(BOOK).decide(facts, 1000.0), version=7)


def comes(p: Play, said: Ruling, channel: str = "ch1") -> Call:
    """A caller comes in, and the rules speak."""
    p.arrives(channel)
    call = p.call(channel)
    p.see(
        saw.CallerIdentified(
            at=p.now, call=call.call, card=make_card(), requirement=RU, ruling=said
        )
    )
    return call


def staffed() -> Play:
    """Vera knows the products, Anna does not; nobody is ready yet."""
    return play(make_agent("anna"), make_agent("vera", product_phones=8), rules=Rules())


def test_the_rules_ask_for_more_than_the_plain_requirement() -> None:
    p = staffed()
    p.ready("anna", "vera")
    call = comes(p, ruling())
    assert call.agent == "vera"


def test_what_the_rules_give_up_is_given_up_when_they_say() -> None:
    p = staffed()
    p.ready("vera")
    comes(p, ruling(), "ch0")
    call = comes(p, ruling(), "ch1")
    p.ready("anna")
    assert call.state is CallState.WAITING
    p.wait(8)
    assert call.state is CallState.WAITING
    p.wait(2)
    assert call.agent == "anna"
    assert call.off_skill == "tech>=5, product.phones>=7 dropped: waited 10 s"


def test_the_last_agent_is_waited_for_no_longer_than_the_rule_says() -> None:
    p = play(make_agent("anna", tech=5), make_agent("vera", tech=5))
    p.ready("anna", "vera")
    first = comes(p, ruling(last_agent=AgentId("vera")))
    assert first.agent == "vera"
    assert p.last(do.RecordDecision).record.detail["way"] == "preferred"


def test_credit_of_a_rule_moves_a_caller_forward() -> None:
    p = play(make_agent("anna", tech=5))
    plain = comes(p, ruling(dialled="+380440000101"), "ch1")
    p.now += 30
    urgent = comes(p, ruling(), "ch2")
    p.ready("anna")
    assert (plain.agent, urgent.agent) == (None, "anna")


def test_the_decision_names_the_rules_and_the_ladder() -> None:
    p = staffed()
    p.ready("anna", "vera")
    comes(p, ruling())
    detail = p.last(do.RecordDecision).record.detail
    assert detail["rules"] == ["everybody", "technical line"]
    assert detail["rules_version"] == 7
    needs = "shop.teplo>=1 and lang.ru>=5"
    assert [(s["after_s"], s["needs"]) for s in detail["ladder"]] == [
        (0.0, f"{needs} and (tech>=5 or product.phones>=7)"),
        (10.0, needs),
    ]
    orjson.dumps(detail)


def test_a_call_without_rules_shows_the_steps_of_its_requirement() -> None:
    p = staffed()
    p.ready("anna")
    p.calls_in()
    detail = p.last(do.RecordDecision).record.detail
    assert (detail["rules"], detail["rules_version"]) == ([], None)
    assert detail["ladder"][0]["needs"] == "shop.teplo>=1 and lang.ru>=3"


# --- after a kill ------------------------------------------------------------------


def restarted(dead: Play, away_s: float) -> Play:
    """Another engine reads what the killed one left in the journal."""
    entries = tuple(
        Entry(kind=kind, key=key, state=orjson.loads(orjson.dumps(state)))
        for kind, found in (("call", dead.pool.calls), ("agent", dead.pool.agents))
        for key, state in found.items()
    )
    p = staffed()
    p.now = dead.now + away_s
    living = Living(
        channels=tuple(
            LivingChannel(
                channel=ChannelId(leg.channel),
                endpoint="PJSIP/x",
                state="Up" if leg.role == "customer" else "Ringing",
                ours=leg.role == "customer",
                arguments=("inbound", NUMBER),
            )
            for call in dead.pool.calls.values()
            for leg in call.legs
            if leg.alive
        )
    )
    effects = read_back(p.pool, entries, p.now)
    effects += reconcile(p.pool, living, p.now)
    for effect in effects:
        if isinstance(effect, do.SetTimer):
            p.timers[effect.key] = effect.at
    return p


def test_a_restart_keeps_ladder_credit_preferred_and_clock() -> None:
    dead = staffed()
    said = ruling(last_agent=AgentId("vera"))
    comes(dead, said)
    dead.wait(3)
    p = restarted(dead, 4.0)
    call = p.call("ch1")
    assert call.ruling == said
    (item,) = p.pool.matcher.items(p.now)
    assert item.ladder == said.ladder
    assert (item.credit_s, item.preferred) == (60.0, said.preferred)
    assert item.clock_s == pytest.approx(7.0)


def test_the_next_step_is_due_as_if_nothing_had_happened() -> None:
    dead = staffed()
    dead.ready("vera")
    comes(dead, ruling(), "ch0")
    dead.ready("anna")
    call = comes(dead, ruling())
    assert call.state is CallState.WAITING
    dead.wait(3)
    p = restarted(dead, 4.0)
    p.wait(2.5)
    assert p.call("ch1").state is CallState.WAITING
    p.wait(1)
    assert p.call("ch1").agent == "anna"


def test_a_reservation_stops_the_clock_also_over_a_restart() -> None:
    dead = staffed()
    call = comes(dead, ruling())
    dead.wait(4)
    dead.ready("vera")
    assert call.agent == "vera"
    clock_s = call.clock_s
    dead.wait(5)
    p = restarted(dead, 6.0)
    call = p.call("ch1")
    assert call.state is CallState.OFFERED
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 19)
    (item,) = p.pool.matcher.items(p.now)
    assert item.clock_s == pytest.approx(clock_s) == pytest.approx(5.0)
    assert item.excluded == {"vera"}


def test_a_ruling_that_cannot_be_read_falls_back_to_the_requirement() -> None:
    p = staffed()
    p.ready("anna")
    broken = Ruling(steps=(WrittenStep(after_s=0.0, needs="lang.ru >>> 5"),))
    call = comes(p, broken)
    assert call.agent == "anna"
    assert any(name == "rules unreadable" for _, name, _ in call.events)


# --- written ladders -----------------------------------------------------------------

levels = st.builds(
    Level,
    st.sampled_from(("tech", "lang.ru", "product.phones", "anybody", "region.ua-30")),
    st.sampled_from((">=", "<=", "=", "!=")),
    st.integers(1, 9),
)
exprs: st.SearchStrategy[Expr] = st.recursive(
    levels,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: both(*parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: either(*parts)),
    ),
    max_leaves=8,
)


@given(st.lists(exprs, min_size=1, max_size=4))
def test_a_ladder_comes_back_from_its_text_as_it_was(found: list[Expr]) -> None:
    steps = [Step(after_s=5.0 * n, expr=expr) for n, expr in enumerate(found)]
    steps.append(Step(after_s=99.0, expr=ANYBODY, why="all given up", spare=2.0))
    ladder = Ladder(tuple(steps))
    written = write_ladder(ladder)
    again = tuple(replace(step, why=f"{step.why} again") for step in written)
    expected = tuple(replace(step, why=f"{step.why} again") for step in steps)
    assert read_ladder(again) == Ladder(expected)


def test_no_ladder_is_made_of_nothing() -> None:
    with pytest.raises(BadLadder):
        read_ladder(())


# --- another policy ----------------------------------------------------------------


def test_another_policy_holds_at_once_and_keeps_every_place() -> None:
    p = play(make_agent("anna", tech=9), make_agent("boris", tech=5))
    first = comes(p, ruling(), "ch1")
    p.now += 4
    second = comes(p, ruling(last_agent=AgentId("anna")), "ch2")
    rules = Rules(routing=Policy(credit_cap_s=0.0, bands=()))
    p.see(saw.RulesChanged(at=p.now, rules=rules))
    items = {item.call: item for item in p.pool.matcher.items(p.now)}
    assert items[first.call].clock_s == pytest.approx(4.0)
    assert [items[c.call].credit_s for c in (first, second)] == [0.0, 0.0]
    p.ready("boris")
    assert first.agent == "boris"


def test_a_call_that_rings_while_the_policy_changes_is_offered_to_nobody_else() -> None:
    p = staffed()
    p.ready("vera", "anna")
    call = comes(p, ruling())
    assert call.agent == "vera"
    p.see(saw.RulesChanged(at=p.now, rules=Rules(routing=Policy(bands=(9,)))))
    assert (call.agent, call.state) == ("vera", CallState.OFFERED)
    assert p.pool.matcher.free_agents == 1
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 19)
    (item,) = p.pool.matcher.items(p.now)
    assert item.excluded == {"vera"}


def test_a_policy_of_the_same_kind_leaves_the_matcher_alone() -> None:
    p = staffed()
    matcher = p.pool.matcher
    p.see(saw.RulesChanged(at=p.now, rules=Rules(relax_after_s=3.0)))
    assert p.pool.matcher is matcher
    assert p.pool.rules.relax_after_s == 3.0


def test_a_text_that_is_no_expression_says_why() -> None:
    with pytest.raises(BadLadder, match="is no comparison"):
        read_expr("lang.ru >>> 5")


# --- limits ------------------------------------------------------------------------


def limited(calls: int) -> Rules:
    """Rules under which nobody has more calls than this in an hour."""
    limits = Limits(calls_per_hour=calls)
    pacing = PacingRules(keep_free=0)
    return Rules(wrap_up_s=0, pacing=pacing, routing=Policy(limits=limits))


def test_who_has_had_enough_calls_rests_until_an_hour_is_over() -> None:
    p = play(make_agent("anna"), rules=limited(1))
    p.ready("anna")
    p.calls_in("ch1")
    call = p.talk("ch1")
    p.wait(60)
    p.ends("ch1")
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel)
    waits = p.calls_in("ch2")
    assert waits.agent is None
    p.wait(200)
    assert waits.agent is None
    p.ends("ch2")
    p.wait(3300)
    last = p.calls_in("ch3")
    p.wait(60)
    assert last.agent == "anna"


def test_a_call_of_an_order_counts_under_the_limits_too() -> None:
    p = play(make_agent("anna"), rules=limited(1))
    p.ready("anna")
    p.pool.matcher.engage(AgentId("anna"), p.now)
    p.pool.matcher.engage(AgentId("anna"), p.now + 1)
    p.pool.matcher.free(AgentId("anna"), p.now + 90, p.now + 90)
    p.now += 90
    assert p.calls_in("ch1").agent is None
