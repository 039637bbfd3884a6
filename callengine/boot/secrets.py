"""
Secrets that are generated at install and never have a default.

They live in `var_dir/secrets.toml`, readable by its owner alone.
"""

import json
import os
import secrets as randomness
import stat
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

FILE_NAME = "secrets.toml"
HEADER = """\
# Secrets of this callengine, made at install. Readable by its owner alone.
# Change a value here, then restart Asterisk (`callengine pbx down`, `up`) and engine.
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


NAMES = tuple(field.name for field in fields(Secrets))


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
        values |= {name: randomness.token_urlsafe(24) for name in missing}
        _write(path, values)
    return Secrets(**{name: values[name] for name in NAMES})


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
