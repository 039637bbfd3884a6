"""The file of shops and agents that a run works with."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[1] / "shops" / "demo.toml"


class BadShopsFile(Exception):
    """The file lacks what a run needs; the text says what."""


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A shop as its own systems know it."""

    shop: str
    region: str
    numbers: tuple[str, ...]
    key: str = field(repr=False)
    shop_secret: str = field(repr=False)
    logistics_secret: str = field(repr=False)
    product: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """An agent with their password, which only this file knows in clear."""

    login: str
    password: str = field(repr=False)
    phone_mode: str = "ring"


@dataclass(frozen=True, slots=True)
class ShopsFile:
    """One file for `callengine apply`, and what a run must know of it."""

    text: str
    shops: list[DemoShop]
    agents: list[DemoAgent]

    def secrets(self) -> dict[tuple[str, str], str]:
        """Map (shop, side) to the secret that its messages are signed with."""
        return {
            (shop.shop, side): secret
            for shop in self.shops
            for side, secret in (
                ("shop", shop.shop_secret),
                ("logistics", shop.logistics_secret),
            )
        }

    def with_receivers(self, url: Callable[[str, str], str]) -> str:
        """Write the file with our own receivers' addresses in place of its own."""
        text = self.text
        for shop in tomllib.loads(text)["shops"]:
            for side in ("shop", "logistics"):
                old, new = shop.get(f"{side}_url", ""), url(shop["shop"], side)
                line = re.compile(rf'^(\s*{side}_url\s*=\s*)"{re.escape(old)}"', re.M)
                text, count = line.subn(rf'\g<1>"{new}"', text, count=1)
                if count == 0:
                    raise BadShopsFile(f"{shop['shop']} has no {side}_url")
        return text


def read_shops(path: Path = DEMO) -> ShopsFile:
    """Read a file of shops. Raises `BadShopsFile`, `OSError`."""
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
        return ShopsFile(
            text=text,
            shops=[_shop(entry) for entry in document["shops"]],
            agents=[_agent(entry) for entry in document["agents"]],
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadShopsFile(f"{path}: {error!r}") from error


def _shop(entry: dict[str, Any]) -> DemoShop:
    products = entry.get("products") or [{}]
    return DemoShop(
        shop=entry["shop"],
        region=entry["region"],
        numbers=tuple(entry["numbers"]),
        key=entry["api_key"],
        shop_secret=entry["shop_secret"],
        logistics_secret=entry["logistics_secret"],
        product=products[0],
    )


def _agent(entry: dict[str, Any]) -> DemoAgent:
    return DemoAgent(
        login=entry["login"],
        password=entry["password"],
        phone_mode=entry.get("phone_mode", "ring"),
    )
