"""What lives in Asterisk, held against what we believe."""

import asyncio

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.legs import Leg, Legs
from callengine.asterisk.ari.models import Application, Bridge, Channel
from callengine.asterisk.ari.translate import INBOUND, Translator, presented_number
from callengine.core.ids import ChannelId
from callengine.engine.ports import Living, LivingChannel, ResourceGone


class Survey:
    """Lists Asterisk's channels, bridges and prompts, and settles what is in doubt."""

    def __init__(
        self, client: AriClient, app: str, legs: Legs, facts: Translator
    ) -> None:
        self._client = client
        self._app = app
        self._legs = legs
        self._facts = facts

    async def living(self, *, adopt: bool) -> Living:
        """
        List every channel that is somebody's leg, and our bridges.

        Args:
            adopt: answer for our channels from here on.
        """
        channels, bridges, app = await self._list()
        living = []
        for c in channels:
            arguments = c.arguments_in(app)
            ours = arguments is not None
            if adopt and (ours or c.channel in app.channels):
                leg = self._legs.add(Leg(c.channel))
                leg.up = leg.up or ours
                leg.by_door = leg.by_door or c.by_door
                leg.inbound = leg.inbound or (arguments or ("",))[0] == INBOUND
            living.append(_describe(c, arguments))
        legs = {c.channel for c in living}
        return Living(
            channels=tuple(living),
            bridges={
                b.bridge: tuple(c for c in b.channels if c in legs)
                for b in bridges
                if b.bridge.startswith(f"{self._app}-")
            },
        )

    async def bury(self) -> None:
        """Tell the end of every leg that ended unseen."""
        # What was asked for and not confirmed may not be listed yet: `settle` knows.
        legs = [x for x in self._legs.all() if not (x.asking or x.doubtful)]
        channels, _, app = await self._list()
        living = {c.channel: c for c in channels}
        for leg in legs:
            if not self._lives(leg, living.get(leg.channel), app):
                self._facts.gone(leg.channel)

    async def check_prompts(self) -> None:
        """Tell the end of every prompt that ended unseen."""
        for playback in tuple(self._legs.playbacks):
            try:
                await self._client.playbacks.check(playback)
            except ResourceGone:
                self._facts.playback_ended(playback)

    async def settle(self) -> None:
        """Find out what came of originate requests that got no answer."""
        for leg in self._legs.all():
            if not leg.doubtful:
                continue
            try:
                await self._client.channels.get(leg.channel)
            except ResourceGone:
                # Should it be made yet, it is a stray and will be hung up.
                self._facts.gone(leg.channel)
            leg.doubtful = False

    async def _list(self) -> tuple[list[Channel], tuple[Bridge, ...], Application]:
        channels, bridges, app = await asyncio.gather(
            self._client.channels.list(),
            self._client.bridges.list(),
            self._client.applications.get(self._app),
        )
        return [c for c in channels if not c.is_helper], bridges, app

    def _lives(self, leg: Leg, found: Channel | None, app: Application) -> bool:
        if found is None:
            return False
        if found.arguments_in(app) is not None:
            return True
        # Still ringing, or gone back to the dialplan: then it is not ours.
        return not leg.leaving and leg.channel in app.channels


def _describe(c: Channel, arguments: tuple[str, ...] | None) -> LivingChannel:
    presentation = arguments[2] if arguments and len(arguments) > 2 else ""
    return LivingChannel(
        channel=ChannelId(c.channel),
        endpoint=c.endpoint,
        state=c.state,
        ours=arguments is not None,
        arguments=arguments or (),
        caller_number=presented_number(c.caller_number, presentation),
    )
