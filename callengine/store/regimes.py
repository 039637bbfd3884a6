"""Regimes as they are kept."""

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callengine.core.compliance.parse import regime_of
from callengine.core.compliance.presets import PRESETS, STRICT
from callengine.core.compliance.regime import Regime
from callengine.store import tables as t

log = structlog.get_logger(__name__)


async def read_regimes(connection: AsyncConnection) -> dict[str, Regime]:
    """
    Read the presets and what the admin made of them.

    One that this version cannot read is kept as the strictest there is.
    """
    regimes = dict(PRESETS)
    for row in await connection.execute(select(t.regimes)):
        try:
            regimes[row.regime] = regime_of(orjson.loads(row.data))
        except ValueError as error:
            log.error("regime unreadable", regime=row.regime, error=str(error))
            regimes[row.regime] = STRICT
    return regimes
