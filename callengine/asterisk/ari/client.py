"""The typed client of Asterisk's REST interface."""

from callengine.asterisk.ari.applications import Applications
from callengine.asterisk.ari.bridges import Bridges
from callengine.asterisk.ari.channels import Channels
from callengine.asterisk.ari.http import HttpPool, HttpSettings
from callengine.asterisk.ari.playbacks import Playbacks
from callengine.asterisk.ari.requests import Requests


class AriClient:
    """
    Commands to one Asterisk, grouped by noun.

    Every command raises `ports.TelephonyError` or one of its kinds
    (`callengine.asterisk.ari.errors`), and has the deadline of `HttpSettings`.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self.settings = settings
        self.pool = HttpPool(settings)
        requests = Requests(self.pool)
        self.channels = Channels(requests)
        self.bridges = Bridges(requests)
        self.playbacks = Playbacks(requests)
        self.applications = Applications(requests)

    async def close(self) -> None:
        """Close the connections."""
        await self.pool.close()
