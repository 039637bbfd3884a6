"""
`faults receiver-410`: every shop's receiver answers 410 Gone for a while.

Nothing may be lost, doubled or told out of order: the messages are kept, the couriers
(who answer) go on hearing at once, and when the operator resumes the receivers all that
was kept arrives.
"""

import time
from collections.abc import Sequence
from typing import Any

from sim.checks import Check, at_least, at_most, equal
from sim.faults.fault import Fault, Stage
from sim.faults.seen import Seen
from sim.waiting import until

GONE = 410
SIDE = "shop"
DRAIN_GOAL_MS = 10_000.0


class Receiver410(Fault):
    """Nothing is wrong with the engine; calls must not notice at all."""

    name = "receiver-410"
    about = "the shops' receivers answer 410 Gone; an operator resumes them"
    for_s = 40.0

    async def inject(self, stage: Stage) -> None:
        """Answer 410 to every message for a shop."""
        receiver = stage.world.receiver
        receiver.closed = {(shop.shop, SIDE): GONE for shop in stage.world.shops.shops}

    async def lift(self, stage: Stage) -> None:
        """Take messages again, and resume as an operator does."""
        world, ledger = stage.world, stage.world.receiver.ledger
        before = await self._receivers(stage)
        stopped = [one for one in before if one["state"] == "stopped"]
        stage.notes["stopped"] = len(stopped)
        stage.notes["kept"] = sum(one["waiting"] for one in stopped)
        stage.notes["refused"] = ledger.refused_on_purpose
        world.receiver.closed = {}
        for one in stopped:
            await world.callengine("outbox", "resume", one["shop"], SIDE)
        since = time.monotonic()

        async def drained() -> bool:
            return not any(
                one["waiting"] or one["state"] != "open"
                for one in await self._receivers(stage)
            )

        done = await until(drained, every_s=0.2, within_s=60)
        took_ms = (time.monotonic() - since) * 1000
        stage.notes["drained_ms"] = round(took_ms, 1) if done else None

    async def _receivers(self, stage: Stage) -> list[dict[str, Any]]:
        world = stage.world
        return [
            {**one, "shop": shop.shop}
            for shop in world.shops.shops
            for one in await world.api.receivers(
                shop.shop, world.credentials.keys[shop.shop]
            )
            if one["receiver"] == SIDE
        ]

    def figures(self, stage: Stage, seen: Seen) -> dict[str, Any]:
        """Say what the receivers heard: of whom, when, and in which order."""
        began = seen.unix(seen.injected_at)
        lifted = seen.unix(seen.lifted_at)
        meanwhile = [d for d in seen.ledger.taken if began + 1 <= d.at <= lifted]
        return stage.notes | {
            "couriers_told_meanwhile": sum(d.side != SIDE for d in meanwhile),
            "told_out_of_order": seen.ledger.out_of_order(),
            "bad_signatures": seen.ledger.bad_signatures,
        }

    def checks(self, seen: Seen, figures: dict[str, Any]) -> Sequence[Check]:
        """Everything kept, nothing lost, nobody else delayed."""
        return [
            at_least("receivers stopped", figures["stopped"], 1),
            at_least("messages kept", figures["kept"], 1),
            # Each receiver was asked once more at most by what was on its way.
            at_most(
                "messages sent in vain", figures["refused"], 8 * figures["stopped"]
            ),
            at_least("couriers told meanwhile", figures["couriers_told_meanwhile"], 1),
            at_most("all kept messages sent, ms", figures["drained_ms"], DRAIN_GOAL_MS),
            equal("told out of order", figures["told_out_of_order"], 0),
            equal("bad signatures", figures["bad_signatures"], 0),
        ]


FAULT = Receiver410()
