"""Records of calls as rows, cut to their columns: a record is never refused."""

import hashlib
from typing import Any

import orjson

from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.engine.ports import SavedDisposition
from callengine.store.rows import fit

MAX_DETAIL = 20_000


def call_row(call: CallRecord) -> dict[str, Any]:
    """Row of `calls`."""
    return {
        "call": call.call,
        "shop": call.shop,
        "direction": call.direction,
        "number": None if call.number is None else fit(call.number, 64),
        "dialled_number": fit(call.dialled_number, 64),
        "customer": call.customer,
        "order_id": call.order,
        "agent": call.agent,
        "requirement": call.requirement,
        "enqueued_at": call.enqueued_at,
        "answered_at": call.answered_at,
        "bridged_at": call.bridged_at,
        "ended_at": call.ended_at,
        "ending": fit(call.ending, 32),
        "off_skill": call.off_skill,
    }


def leg_rows(call: CallRecord) -> list[dict[str, Any]]:
    """Rows of `legs`."""
    return [
        {
            "call": call.call,
            "channel": fit(leg.channel, 150),
            "shop": call.shop,
            "role": fit(leg.role, 16),
            "agent": leg.agent,
            "started_at": leg.started_at,
            "ringing_at": leg.ringing_at,
            "answered_at": leg.answered_at,
            "ended_at": leg.ended_at,
            "cause": leg.cause,
            "sip_code": leg.sip_code,
        }
        for leg in call.legs
    ]


def event_rows(call: CallRecord) -> list[dict[str, Any]]:
    """Rows of `events`, numbered in their order."""
    return [
        {
            "call": call.call,
            "line": line,
            "shop": call.shop,
            "at": at,
            "name": fit(name, 64),
            "detail": fit(detail, MAX_DETAIL),
        }
        for line, (at, name, detail) in enumerate(call.events)
    ]


def attempt_row(attempt: AttemptRecord) -> dict[str, Any]:
    """Row of `attempts`."""
    return {
        "attempt": attempt.attempt,
        "shop": attempt.shop,
        "order_id": attempt.order,
        "call": attempt.call,
        "number": fit(attempt.number, 64),
        "tries": attempt.tries,
        "started_at": attempt.started_at,
        "answered_at": attempt.answered_at,
        "bridged_at": attempt.bridged_at,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome.value,
        "cause": attempt.cause,
        "sip_code": attempt.sip_code,
        "ring_s": attempt.ring_s,
        "agent": attempt.agent,
        "next_try_at": attempt.next_try_at,
        "rule": fit(attempt.rule, 200),
        "trunk": fit(attempt.trunk, 64),
        "fault": fit(attempt.fault, 16),
        "zone": fit(attempt.zone, 64),
        "cost_minor": attempt.cost_minor,
    }


def decision_row(decision: DecisionRecord) -> dict[str, Any]:
    """Row of `decisions`; its key is a digest of what was decided."""
    detail = orjson.dumps(
        decision.detail, default=str, option=orjson.OPT_NON_STR_KEYS
    ).decode()
    said = (decision.at, decision.kind, decision.call, decision.chosen, detail)
    shop = decision.detail.get("shop")
    return {
        "decision": hashlib.blake2b(orjson.dumps(said), digest_size=16).hexdigest(),
        "shop": shop if isinstance(shop, str) else None,
        "call": decision.call,
        "at": decision.at,
        "kind": fit(decision.kind, 32),
        "chosen": fit(decision.chosen, 200),
        "reason": fit(decision.reason, MAX_DETAIL),
        "detail": detail.replace("\\u0000", ""),
        "order_id": decision.order,
    }


def disposition_row(saved: SavedDisposition) -> dict[str, Any]:
    """Write a disposition as it was saved."""
    return {
        "call": saved.call,
        "shop": saved.shop,
        "agent": saved.agent,
        "customer": saved.customer,
        "order_id": saved.order,
        "disposition": saved.disposition.value,
        "note": fit(saved.note, 2000),
        "at": saved.at,
    }
