"""Facts as they were told, and waiting for one with a deadline."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from callengine.core.facts import Fact

F = TypeVar("F", bound=Fact)


class FactLog:
    """A fact sink that remembers everything, in order."""

    def __init__(self, within_s: float = 5.0) -> None:
        self.facts: list[Fact] = []
        self._within_s = within_s
        self._news = asyncio.Event()

    def __call__(self, fact: Fact) -> None:
        """Take a fact; this is the sink."""
        self.facts.append(fact)
        self._news.set()

    def all(self, kind: type[F], **fields: object) -> list[F]:
        """Facts of a kind whose fields have these values, in order."""
        return [
            fact
            for fact in self.facts
            if isinstance(fact, kind)
            and all(getattr(fact, k) == v for k, v in fields.items())
        ]

    async def wait(self, kind: type[F], **fields: object) -> F:
        """Wait for the first such fact, told already or not."""
        await self.until(lambda: bool(self.all(kind, **fields)), f"{kind} {fields}")
        return self.all(kind, **fields)[0]

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds, looked at after each fact."""
        try:
            async with asyncio.timeout(self._within_s):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            told = "\n".join(map(str, self.facts))
            raise AssertionError(f"never came: {what}; told:\n{told}") from None
