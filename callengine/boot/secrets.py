"""
Secrets that are generated at install and never have a default.

They live in `var_dir/secrets.toml`, readable by its owner alone.
"""

import json
import os
import secrets as randomness
import stat
import time
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

FILE_NAME = "secrets.toml"
HEADER = """\
# Secrets of this callengine, made at install. Readable by its owner alone.
# `callengine secrets rotate NAME` changes one; the old one is good for a while longer.
"""


class SecretsError(Exception):
    """The secrets file cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Passwords between our own parts; never shown by `repr`."""

    ari_password: str = field(repr=False)
    ami_password: str = field(repr=False)
    admin_token: str = field(repr=False)
    """For the floor, `why` and other calls of the HTTP interface made by admins."""
    session_key: str = field(default="", repr=False)
    """Signs the sessions of agents."""
    admin_token_old: str = field(default="", repr=False)
    admin_token_until: str = ""
    """Until when (Unix seconds) the old one is accepted too."""
    session_key_old: str = field(default="", repr=False)
    session_key_until: str = ""

    def accepted(self, name: str, now: float) -> tuple[str, ...]:
        """List what is accepted as a secret now: it, and the one before it."""
        current, old = getattr(self, name), getattr(self, f"{name}_old")
        until = getattr(self, f"{name}_until")
        is_good = old and until.isdigit() and now < int(until[:12])
        return (current, old) if is_good else (current,)


NAMES = ("ari_password", "ami_password", "admin_token", "session_key")
"""Made where they are missing."""
KNOWN = tuple(field.name for field in fields(Secrets))
AFTER_UPGRADE_S = 12 * 3600
"""Sessions were signed with the admin's token once; they last a shift."""


def secrets_path(var_dir: Path) -> Path:
    """Where the secrets of a `var_dir` are."""
    return var_dir / FILE_NAME


def load_secrets(var_dir: Path) -> Secrets:
    """
    Read the secrets; make the file, or the values it lacks, first if needed.

    Raises:
        SecretsError: if others can read the file, or it is damaged.
    """
    path = secrets_path(var_dir)
    values = _read(path)
    missing = [name for name in NAMES if not values.get(name)]
    if missing:
        if values.get("admin_token") and "session_key" in missing:
            values["session_key_old"] = values["admin_token"]
            values["session_key_until"] = str(int(time.time()) + AFTER_UPGRADE_S)
        values |= {name: randomness.token_urlsafe(24) for name in missing}
        _write(path, values)
    return Secrets(**{name: values[name] for name in KNOWN if name in values})


def rotate_secret(var_dir: Path, name: str, now: float, overlap_s: float) -> str:
    """
    Make a new value of one secret; the old one is accepted for `overlap_s` more.

    Only what we check ourselves can overlap: passwords of Asterisk change at once.

    Raises:
        SecretsError: there is no such secret, or the file cannot be used.
    """
    if name not in NAMES:
        raise SecretsError(f"There is no secret {name!r}; there are {', '.join(NAMES)}")
    load_secrets(var_dir)
    path = secrets_path(var_dir)
    values = _read(path)
    if f"{name}_old" in KNOWN:
        values[f"{name}_old"] = values[name]
        values[f"{name}_until"] = str(int(now + overlap_s))
    values[name] = randomness.token_urlsafe(24)
    _write(path, values)
    return values[name]


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            values = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SecretsError(
            f"Cannot read {path}: {error}. Mend it, or remove it to have new secrets"
            " made."
        ) from error
    if mode & 0o077:
        raise SecretsError(
            f"{path} is readable by others (mode {mode:o}). Run: chmod 600 {path}"
        )
    for name, value in values.items():
        # They are written into Asterisk's files, one line each.
        if (
            not isinstance(value, str)
            or not value.isprintable()
            or set(value) & set(";\\\"'<> ")
        ):
            raise SecretsError(
                f"{name} in {path} must be a text without spaces, quotes, ; and \\."
            )
    return values


def _write(path: Path, values: dict[str, str]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(HEADER + "".join(lines))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
