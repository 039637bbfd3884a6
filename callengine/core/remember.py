"""A restart forgets nothing that the law counts, nor what dialling has learned."""

from callengine.core.campaign import Campaign
from callengine.core.facts import AttemptsRemembered
from callengine.core.memory import FinishedAttempt, ShopMemory
from callengine.core.pool import Pool
from callengine.core.predictive.ledger import Totals


def on_attempts_remembered(pool: Pool, fact: AttemptsRemembered) -> None:
    """Enter what was counted and learned before the engine was started."""
    for memory in fact.shops:
        shop = pool.shops.get(memory.shop)
        if shop is not None:
            campaign = pool.campaign(shop)
            recall(campaign, memory)
            if memory.today is not None:
                campaign.budget.restore(memory.today, pool.now)


def recall(campaign: Campaign, memory: ShopMemory) -> None:
    """Enter one shop's memory; meant for a campaign that has counted nothing yet."""
    campaign.recall(memory.began_at)
    for hour in memory.counts:
        totals = Totals(hour.served, hour.nuisances, hour.machines)
        campaign.pacer.ledger.restore(hour.at, totals)
    for attempt in memory.attempts:
        recall_attempt(campaign, attempt)


def recall_attempt(campaign: Campaign, attempt: FinishedAttempt) -> None:
    """Learn from an attempt of before."""
    answered = attempt.answered_at is not None
    over_at = attempt.ended_at if attempt.answered_at is None else attempt.answered_at
    campaign.attempt_ended(
        attempt.tries, attempt.started_at, over_at, answered=answered
    )
    if attempt.talk_s is not None:
        campaign.talk_ended(attempt.talk_s)
