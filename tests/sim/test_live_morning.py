"""What a shop has dialled before a live run begins."""

from pathlib import Path

from callengine.core.roster import Roster
from callengine.store import Database
from callengine.store.archive import SqlArchive
from callengine.store.migrate import upgrade
from sim.bench.roster import shop_of
from sim.livedialer.morning import memory_of, morning, write
from sim.livedialer.world import group_of
from sim.worlds.dialer_people import WARM


def test_the_morning_is_over_before_the_run_and_has_spent_most_of_its_share() -> None:
    made = morning(WARM, 1, 500, now=0.0)
    assert len(made) == 500
    assert all(a.started_at < a.ended_at < 0.0 for a in made)
    memory = memory_of("live", made)
    answered = [a for a in made if a.answered_at is not None]
    (hour,) = memory.counts
    assert hour.served + hour.nuisances == len(answered)
    assert 0.02 < hour.nuisances / len(answered) < 0.03
    assert 200 < len(answered) < 300


async def test_the_engine_remembers_the_morning_as_the_twin_does(
    tmp_path: Path,
) -> None:
    now = 1_800_000_000.0
    url = f"sqlite+aiosqlite:///{tmp_path / 'live.db'}"
    made = morning(WARM, 1, 300, now=now)
    roster = Roster(shops=(shop_of(group_of(1, now=now)),))
    database = Database.open(url)
    try:
        await upgrade(database)
        await write(url, "live", made)
        (memory,) = await SqlArchive(database).remembered(roster, now)
    finally:
        await database.close()
    mine = memory_of("live", made)
    for name in ("served", "nuisances"):
        theirs, ours = (
            sum(getattr(hour, name) for hour in one.counts) for one in (memory, mine)
        )
        assert theirs == ours > 0
    assert [a.talk_s for a in memory.attempts] == [a.talk_s for a in mine.attempts]
