"""The file of shops and agents that a run works with, and their credentials."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callengine.core.numbers import read_dialled

DEMO = Path(__file__).parents[1] / "shops" / "demo.toml"


class BadShopsFile(Exception):
    """The file lacks what a run needs; the text says what."""


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A shop as its own systems know it; `numbers` are E.164."""

    shop: str
    region: str
    numbers: tuple[str, ...]
    products: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ShopsFile:
    """One file for `callengine apply`, and what a run must know of it."""

    path: Path
    shops: list[DemoShop]
    agents: list[str]
    """Logins."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What `callengine apply` made and told only us."""

    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    sip_passwords: dict[str, str] = field(default_factory=dict, repr=False)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """(shop, side) to the secret that its messages are signed with."""


def read_shops(path: Path = DEMO) -> ShopsFile:
    """Read a file of shops. Raises `BadShopsFile`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return ShopsFile(
            path=path,
            shops=[_shop(entry) for entry in document["shops"]],
            agents=[str(entry["login"]) for entry in document["agents"]],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadShopsFile(f"{path}: {error!r}") from error


def _shop(entry: dict[str, Any]) -> DemoShop:
    region = str(entry["region"])
    return DemoShop(
        shop=str(entry["slug"]),
        region=region,
        numbers=tuple(read_dialled(number, region) for number in entry["numbers"]),
        products=tuple(entry.get("products", ())),
    )


def read_credentials(path: Path) -> Credentials:
    """Read the file that `callengine apply` wrote. Raises `BadShopsFile`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        agents, shops = document["agents"], document["shops"]
        return Credentials(
            passwords={login: made["password"] for login, made in agents.items()},
            sip_passwords={n: made["sip_password"] for n, made in agents.items()},
            keys={shop: made["api_key"] for shop, made in shops.items()},
            secrets={
                (shop, side): made[f"{side}_secret"]
                for shop, made in shops.items()
                for side in ("shop", "logistics")
                if f"{side}_secret" in made
            },
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadShopsFile(f"{path}: {error!r}") from error
