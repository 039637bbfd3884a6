"""What only its owner may know: made here, shown once, kept as hashes where it can."""

import base64
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import orjson


@dataclass(slots=True)
class Credentials:
    """
    Credentials made by one `apply`.

    `agents`: login to `{password, sip_password}`; `shops`: slug to those of
    `{api_key, shop_secret, logistics_secret}` that are new.
    """

    agents: dict[str, dict[str, str]] = field(default_factory=dict)
    shops: dict[str, dict[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.agents or self.shops)

    def merge_into(self, file: Path) -> None:
        """
        Write them into a JSON file only its owner can read; what is there stays.

        Raises:
            ValueError: the file holds something else.
            OSError: it cannot be written.
        """
        kept: dict[str, dict[str, dict[str, str]]] = {"agents": {}, "shops": {}}
        if file.exists():
            kept |= _read(file)
        for kind, new in (("agents", self.agents), ("shops", self.shops)):
            for name, values in new.items():
                kept[kind][name] = kept[kind].get(name, {}) | values
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "wb") as out:
            out.write(orjson.dumps(kept, option=orjson.OPT_INDENT_2) + b"\n")
        draft.replace(file)


def _read(file: Path) -> dict[str, dict[str, dict[str, str]]]:
    try:
        found = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(
        isinstance(found.get(kind, {}), dict) for kind in ("agents", "shops")
    ):
        raise ValueError(f"{file} is there and holds no secrets; choose another file")
    return found


def new_password() -> str:
    """A password a person can type: 16 characters, 80 bits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(letters) for _ in range(16))


def new_sip_password() -> str:
    """A password for softphones; no character that a SIP file could mistake."""
    return secrets.token_hex(16)


def new_api_key() -> str:
    """A shop's key for the API."""
    return f"cek_{secrets.token_urlsafe(32)}"


def new_signing_secret() -> str:
    """A secret of Standard Webhooks: 32 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
