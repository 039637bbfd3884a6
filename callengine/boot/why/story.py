"""A call's whole story: what came in, who was asked, what came of it."""

from zoneinfo import ZoneInfo

from callengine.boot.why.decisions import decision_part
from callengine.boot.why.parts import Grid, Part, clock, lasted
from callengine.core.records import AttemptRecord, CallRecord
from callengine.engine.ports import CallHistory, SavedDisposition


def story_of(history: CallHistory, zone: ZoneInfo) -> Part:
    """Tell what is on record of a call."""
    call = history.call
    story = Part("call") if call is None else _call(call, zone)
    if call is None:
        story.say("", "it is not over yet: its record comes when it ends")
    story.parts += [decision_part(decision, zone) for decision in history.decisions]
    if history.attempts:
        story.parts.append(_attempts(history.attempts, zone))
    if call is not None:
        story.parts += [_events(call, zone), _legs(call, zone)]
    if history.disposition is not None:
        story.parts.append(_disposition(history.disposition))
    return story


def _call(call: CallRecord, zone: ZoneInfo) -> Part:
    agent = f" by {call.agent}" if call.agent else ""
    story = Part(
        f"{call.direction} call {call.call} of shop {call.shop or '-'}:",
        f"{call.ending}{agent}",
    )
    waited = (call.bridged_at or call.ended_at) - call.enqueued_at
    times = f"{clock(call.enqueued_at, zone)} ({zone.key}), waited {lasted(waited)}"
    if call.bridged_at is not None:
        times += f", talked {lasted(call.ended_at - call.bridged_at)}"
    story.say("began", times)
    story.say("asked for", call.requirement or "nothing")
    story.say("off skill", call.off_skill)
    return story


def _attempts(attempts: tuple[AttemptRecord, ...], zone: ZoneInfo) -> Part:
    part = Part("attempts")
    heads = ("try", "began", "outcome", "SIP", "cause", "rang", "what follows")
    grid = Grid(heads)
    for attempt in attempts:
        grid.rows.append(
            (
                str(attempt.tries),
                clock(attempt.started_at, zone),
                attempt.outcome.value,
                str(attempt.sip_code or "-"),
                str(attempt.cause),
                lasted(attempt.ring_s),
                attempt.rule,
            )
        )
    part.show("", grid)
    return part


def _events(call: CallRecord, zone: ZoneInfo) -> Part:
    part = Part("what happened")
    grid = Grid(("at", "after", "event", "detail"))
    for at, name, detail in call.events:
        after = f"{at - call.enqueued_at:.3f} s"
        grid.rows.append((clock(at, zone), after, name, detail))
    part.show("", grid)
    return part


def _legs(call: CallRecord, zone: ZoneInfo) -> Part:
    part = Part("legs")
    grid = Grid(("role", "agent", "rang", "answered", "ended", "cause", "channel"))
    for leg in call.legs:
        cause = f"{leg.cause}" + (f", SIP {leg.sip_code}" if leg.sip_code else "")
        instants = (leg.ringing_at, leg.answered_at, leg.ended_at)
        grid.rows.append(
            (
                leg.role,
                leg.agent or "-",
                *(clock(at, zone) for at in instants),
                cause,
                leg.channel,
            )
        )
    part.show("", grid)
    return part


def _disposition(said: SavedDisposition) -> Part:
    part = Part("disposition:", said.disposition.value)
    part.say("by", said.agent)
    part.say("note", said.note)
    if said.delivery is not None:
        agreed = said.delivery
        hours = f" {agreed.time_from}-{agreed.time_to}" if agreed.time_from else ""
        part.say("delivery", f"{agreed.method}, {agreed.address}, {agreed.date}{hours}")
    return part
