"""
Passwords of trunks, which the carriers give.

They live in `var_dir/trunk-passwords.toml`, readable by its owner alone, or in a file
that a trunk's `password_file` names; never in the settings file, which is copied and
shown. `callengine trunks password NAME` writes them.
"""

import json
import os
import re
import secrets as randomness
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callengine.boot.secrets import SecretsError
from callengine.boot.trunk_sections import TrunkSection

FILE_NAME = "trunk-passwords.toml"
HEADER = """\
# What carriers and we log in with. Written by `callengine trunks password NAME`.
# After a change: callengine provision
"""
PASSWORD = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkPasswords:
    """One trunk's, never shown by `repr`; '' where there is none."""

    ours: str = field(default="", repr=False)
    theirs: str = field(default="", repr=False)


def passwords_path(var_dir: Path) -> Path:
    """Where the passwords of a `var_dir` are."""
    return var_dir / FILE_NAME


def load_passwords(
    trunks: Iterable[TrunkSection], var_dir: Path
) -> dict[str, TrunkPasswords]:
    """
    Read what each trunk needs; a carrier's own log-in gets a password made first.

    Raises:
        SecretsError: one is missing, or others can read the file.
    """
    path = passwords_path(var_dir)
    kept = _read(path)
    found: dict[str, TrunkPasswords] = {}
    made = False
    for trunk in trunks:
        own = dict(kept.get(trunk.name, {}))
        if trunk.inbound_login and not own.get("theirs"):
            own["theirs"] = randomness.token_urlsafe(24)
            kept[trunk.name], made = own, True
        found[trunk.name] = TrunkPasswords(
            ours=_ours(trunk, own, path),
            theirs=own.get("theirs", "") if trunk.inbound_login else "",
        )
    if made:
        _write(path, kept)
    return found


def save_password(var_dir: Path, trunk: str, which: str, password: str) -> None:
    """
    Keep a password: `ours` or `theirs`.

    Raises:
        SecretsError: it cannot be written into Asterisk's files, or not be kept.
    """
    if not PASSWORD.fullmatch(password):
        raise SecretsError(
            "A password has 1 to 128 letters, digits and signs of ASCII, no spaces."
        )
    path = passwords_path(var_dir)
    kept = _read(path)
    kept[trunk] = {**kept.get(trunk, {}), which: password}
    _write(path, kept)


def _ours(trunk: TrunkSection, own: Mapping[str, str], path: Path) -> str:
    if trunk.kind not in ("register", "digest"):
        return ""
    source = trunk.password_file
    if source is None:
        if not own.get("ours"):
            raise SecretsError(
                f"Trunk {trunk.name} logs in as {trunk.user} and has no password. Do:"
                f" callengine trunks password {trunk.name}"
            )
        return own["ours"]
    try:
        with source.open("rb") as file:
            _demand_private(source, os.fstat(file.fileno()).st_mode)
            text = file.read(1000).decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise SecretsError(
            f"Cannot read {source}, the password_file of trunk {trunk.name}:"
            f" {getattr(error, 'strerror', None) or 'it is no ASCII text'}"
        ) from None
    if not PASSWORD.fullmatch(text):
        raise SecretsError(
            f"{source}, the password_file of trunk {trunk.name}, must hold one line"
            " without spaces, of 128 characters at most."
        )
    return text


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw: dict[str, Any] = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        # What is wrong in it may be a password: only the place is told.
        place = re.search(r"line \d+", str(error))
        why = place.group() if place else getattr(error, "strerror", "") or "damaged"
        raise SecretsError(f"Cannot read {path}: {why}. Mend it.") from None
    _demand_private(path, mode)
    for name, own in raw.items():
        good = isinstance(own, dict) and set(own) <= {"ours", "theirs"}
        if not good or not all(
            isinstance(word, str) and PASSWORD.fullmatch(word) for word in own.values()
        ):
            raise SecretsError(
                f"{name} in {path} must be a table of ours and theirs, each a text"
                " without spaces."
            )
    return raw


def _demand_private(path: Path, mode: int) -> None:
    if stat.S_IMODE(mode) & 0o077:
        raise SecretsError(
            f"{path} is readable by others (mode {stat.S_IMODE(mode):o})."
            f" Run: chmod 600 {path}"
        )


def _write(path: Path, kept: Mapping[str, Mapping[str, str]]) -> None:
    lines = [HEADER]
    for name, own in kept.items():
        lines.append(f"\n[{json.dumps(name)}]\n")
        lines += [f"{which} = {json.dumps(word)}\n" for which, word in own.items()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise SecretsError(f"Cannot write {path}: {error.strerror}") from error
