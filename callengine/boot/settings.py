"""
Settings: read once, frozen, refused at the door.

A value comes from, first wins: keyword argument, environment (`CALLENGINE_API__PORT`
for `api.port`), the TOML file, the default. Relative paths are resolved against the
folder of the file; without one, against the current folder. Every key is described in
`docs/admin-guide.md`.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from callengine.boot.log_safety import redact
from callengine.boot.sections import (
    AgiSettings,
    AmiSettings,
    ApiSettings,
    AriSettings,
    DiallingSettings,
    Folder,
    LogSettings,
    OutboxSettings,
    PbxSettings,
    PhonesSettings,
    RtpSettings,
    Section,
    SipSettings,
    TimingSettings,
    TrunkSettings,
    absolute,
    beside,
)
from callengine.boot.trunk_sections import TrunkSection

PREFIX = "CALLENGINE_"
DEFAULT_FILE = Path("callengine.toml")

NOT_SETTINGS = frozenset({"CALLENGINE_CONFIG", "CALLENGINE_LOG_JSON"})
"""Variables of ours that are command line options, not settings."""


class SettingsError(Exception):
    """A setting is impossible; the text names the key and what to do."""


class Settings(BaseSettings):
    """Everything an admin can set. Raises pydantic's `ValidationError`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
    )

    node: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] = "n1"
    var_dir: Folder = Path("var")
    database_url: str = "sqlite+aiosqlite:///{var_dir}/callengine.db"
    redis_url: str = "redis://127.0.0.1:6379/0"
    api: ApiSettings = Field(default_factory=ApiSettings)
    ari: AriSettings = Field(default_factory=AriSettings)
    ami: AmiSettings = Field(default_factory=AmiSettings)
    agi: AgiSettings = Field(default_factory=AgiSettings)
    sip: SipSettings = Field(default_factory=SipSettings)
    rtp: RtpSettings = Field(default_factory=RtpSettings)
    trunk: TrunkSettings = Field(default_factory=TrunkSettings)
    pbx: PbxSettings = Field(default_factory=PbxSettings)
    timing: TimingSettings = Field(default_factory=TimingSettings)
    phones: PhonesSettings = Field(default_factory=PhonesSettings)
    dialling: DiallingSettings = Field(default_factory=DiallingSettings)
    trunks: Annotated[tuple[TrunkSection, ...], Field(max_length=100)] | None = None
    """Carriers, by the names that shops use; none: the one that `trunk` tells of."""
    outbox: OutboxSettings = Field(default_factory=OutboxSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @property
    def app_name(self) -> str:
        """The node's Stasis application."""
        return f"callengine-{self.node}"

    @model_validator(mode="before")
    @classmethod
    def _fill_in_var_dir(cls, data: Any) -> Any:
        if isinstance(data, dict):
            given = data.get("database_url", cls.model_fields["database_url"].default)
            var_dir = Path(data.get("var_dir", "var"))
            if isinstance(given, str):
                filled = given.replace("{var_dir}", str(absolute(var_dir)))
                data = {**data, "database_url": _with_absolute_file(filled)}
        return data

    @model_validator(mode="before")
    @classmethod
    def _say_what_trunks_became(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        trunks = data.get("trunks")
        if isinstance(trunks, dict):
            name = next(iter(trunks), "NAME")
            # Pydantic explains a ValueError and lets a TypeError through.
            raise ValueError(  # noqa: TRY004
                f"trunks: [trunks.{name}] is the old form. Write [[trunks]] with name ="
                f' "{name}" and host, and its codes as [trunks.codes.sip] and'
                " [trunks.codes.cause] below it"
            )
        if trunks and data.get("trunk"):
            raise ValueError(
                "trunk: [trunk] is the short form for one carrier; with [[trunks]]"
                ' write it as one more of them: name = "trunk", host, addresses'
            )
        return data

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _check_url("database_url", self.database_url, ("sqlite+", "postgresql+"))
        _check_url("redis_url", self.redis_url, ("redis://", "rediss://", "unix://"))
        if self.pbx.managed:
            if self.phones.tls and self.sip.tls_certificate is None:
                raise ValueError(
                    "phones.tls needs a certificate: set sip.tls_certificate to a PEM"
                    " file (and sip.tls_key, unless the key is in it)"
                )
            _check_loopback("ari.host", self.ari.host)
            _check_loopback("ami.host", self.ami.host)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keyword arguments, environment, file; nothing else."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _with_absolute_file(url: str) -> str:
    scheme, separator, file = url.partition(":///")
    if not scheme.startswith("sqlite") or not file or file.startswith((":", "/")):
        return url
    return f"{scheme}{separator}{absolute(Path(file))}"


def _check_url(key: str, value: str, starts: tuple[str, ...]) -> None:
    if not value.startswith(starts):
        raise ValueError(f"{key} must begin with {' or '.join(starts)}")


def _check_loopback(key: str, host: str) -> None:
    """Control of Asterisk is control of the phone bill: never off this machine."""
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            f"{key} is {host!r}; with pbx.managed it must be a loopback address such"
            " as 127.0.0.1"
        )


def load_settings(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    place: Path | None = None,
) -> Settings:
    """
    Read the file and the environment.

    Args:
        config: The TOML file; None means `CALLENGINE_CONFIG`, or `callengine.toml`
            if there is one.
        environ: Checked for misspelt names; default `os.environ`.
        place: Where the file will be, if it is not there yet.

    Raises:
        SettingsError: naming every wrong key and what to do.
    """
    environ = os.environ if environ is None else environ
    path = settings_file(config, environ)
    problems = list(_unknown_variables(environ))

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        with beside(place or path):
            settings = FromFile()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is no valid TOML: {error}") from error
    except RecursionError:
        raise SettingsError(f"{path} is no valid TOML: it is nested too deep") from None
    except ValidationError as error:
        problems += _explain(error, path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"Cannot read the settings: {error}") from error
    else:
        if not problems:
            return settings
    raise SettingsError("\n".join(problems))


def settings_file(
    config: Path | None = None, environ: Mapping[str, str] | None = None
) -> Path | None:
    """
    Find the file that `load_settings` would read; None if there is none.

    Raises:
        SettingsError: the one that was named is not there.
    """
    environ = os.environ if environ is None else environ
    if config is None and environ.get("CALLENGINE_CONFIG"):
        config = Path(environ["CALLENGINE_CONFIG"])
    if config is None:
        return DEFAULT_FILE if DEFAULT_FILE.exists() else None
    if not config.is_file():
        raise SettingsError(f"There is no settings file {config}; check --config.")
    return config


def known_keys() -> dict[str, Any]:
    """Every key, dotted, with its default."""
    keys: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            inner = section.model_fields
            keys |= {f"{name}.{key}": inner[key].default for key in inner}
        else:
            keys[name] = field.default
    return keys


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    keys = known_keys()
    known = {PREFIX + key.upper().replace(".", "__"): key for key in keys}
    sections = {name.rsplit("__", 1)[0] for name in known if "__" in name}
    for name in sorted(environ):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in NOT_SETTINGS:
            continue
        if upper not in known and upper not in sections:
            yield f"{name}: no such setting.{_meant(upper, known)}"


def _meant(word: str, candidates: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.7)
    return f" Did you mean {close[0]}?" if close else ""


def _explain(error: ValidationError, path: Path | None) -> Iterator[str]:
    keys = known_keys()
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"]) or "settings"
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"no such setting.{_meant(key, keys)}"
        elif problem["type"] == "missing":
            # What stands around it may hold a password.
            text = "must be said"
        elif problem["type"] not in {"value_error"}:
            text = f"{text}, not {redact(repr(problem['input']))}"
        variable = PREFIX + key.upper().replace(".", "__")
        where = f" (in {path or DEFAULT_FILE} or {variable})" if key in keys else ""
        yield f"{key}: {text}{where}" if problem["loc"] else text
