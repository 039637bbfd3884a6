"""
Settings: read once, frozen, refused at the door.

A value comes from, first wins: keyword argument, environment (`CALLENGINE_API__PORT`
for `api.port`), the TOML file, the default. Relative paths are resolved against the
current folder. Every key is described in `docs/admin-guide.md`.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "CALLENGINE_"
DEFAULT_FILE = Path("callengine.toml")

NOT_SETTINGS = frozenset({"CALLENGINE_CONFIG", "CALLENGINE_LOG_JSON"})
"""Variables of ours that are command line options, not settings."""


class SettingsError(Exception):
    """A setting is impossible; the text names the key and what to do."""


def _ip(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(
            f"{value!r} is no IP address; write one such as 127.0.0.1"
        ) from None


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Port = Annotated[int, Field(ge=1, le=65535)]
Address = Annotated[str, AfterValidator(_ip)]
Folder = Annotated[Path, Field(validate_default=True), AfterValidator(_absolute)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^\s/;]+$")]


class Section(BaseModel):
    """A table of the settings file: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ApiSettings(Section):
    """Where shops, agents' desktops and monitors reach the engine."""

    host: Host = "127.0.0.1"
    port: Port = 8080


class AriSettings(Section):
    """Asterisk's REST interface: call control."""

    host: Host = "127.0.0.1"
    port: Port = 8088
    user: Name = "callengine"


class AmiSettings(Section):
    """Asterisk's manager interface: contact and device state, read-only."""

    host: Host = "127.0.0.1"
    port: Port = 5038
    user: Name = "callengine"


class AgiSettings(Section):
    """Our FastAGI server, which the admin's own dialplan may ask."""

    host: Host = "127.0.0.1"
    port: Port = 4573


class SipSettings(Section):
    """Where the managed Asterisk listens for SIP over UDP."""

    host: Address = "127.0.0.1"
    port: Port = 5060


class RtpSettings(Section):
    """The UDP ports that the managed Asterisk takes for media."""

    first_port: Port = 10000
    last_port: Port = 20000

    @model_validator(mode="after")
    def _wide_enough(self) -> Self:
        if self.last_port - self.first_port < 20:
            raise ValueError(
                "last_port must be at least first_port + 20: a call takes four ports"
            )
        if self.first_port % 2:
            raise ValueError("first_port must be even: RTP takes an even port")
        return self


class TrunkSettings(Section):
    """The carrier of the managed Asterisk."""

    address: Address = "127.0.0.2"
    """Calls from here are the carrier's; nothing else may send from it."""
    contact: Annotated[str, Field(pattern=r"^sips?:[^\s;<>]+$")] = "sip:127.0.0.2:5080"


class PbxSettings(Section):
    """The Asterisk that `callengine pbx` installs and runs."""

    managed: bool = True
    root_dir: Folder = Path(".cache/asterisk-root")
    binary: str = ""
    """An `asterisk` to run instead of looking for one."""
    suite: Name = "sid"
    """Debian suite that the private root is built from."""
    mirror: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Debian archive to build it from; empty: mmdebstrap's choice."""
    sounds_dir: Folder = Path("sounds")
    """Own prompts, played as `sound:callengine/NAME`."""
    max_call_s: Annotated[int, Field(ge=60, le=86400)] = 14400
    """`TIMEOUT(absolute)`: a call forgotten by everybody ends by itself."""


class TimingSettings(Section):
    """The engine's patience."""

    identify_ms: Annotated[int, Field(ge=10, le=10_000)] = 300
    ring_s: Annotated[int, Field(ge=3, le=120)] = 20
    wrap_up_s: Annotated[int, Field(ge=0, le=3600)] = 30
    relax_after_s: Annotated[int, Field(ge=0, le=3600)] = 15
    max_wait_s: Annotated[int, Field(ge=5, le=7200)] = 300


class DiallingSettings(Section):
    """How orders are dialled."""

    keep_free: Annotated[int, Field(ge=0, le=1000)] = 1
    """Agents that order calls leave free for the next caller."""
    ring_s: Annotated[int, Field(ge=10, le=120)] = 30
    """How long a customer's phone rings."""


class OutboxSettings(Section):
    """Messages to shops and logistics."""

    allow_private: bool = False
    """Receivers on private and loopback addresses; the demo's are."""


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    pii: Literal["hide", "show"] = "hide"
    """Whether fields that begin with `pii_` keep their value."""


class Settings(BaseSettings):
    """Everything an admin can set. Raises pydantic's `ValidationError`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    node: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")] = "n1"
    var_dir: Folder = Path("var")
    database_url: str = "sqlite+aiosqlite:///{var_dir}/callengine.db"
    redis_url: str = "redis://127.0.0.1:6379/0"
    api: ApiSettings = ApiSettings()
    ari: AriSettings = AriSettings()
    ami: AmiSettings = AmiSettings()
    agi: AgiSettings = AgiSettings()
    sip: SipSettings = SipSettings()
    rtp: RtpSettings = RtpSettings()
    trunk: TrunkSettings = TrunkSettings()
    pbx: PbxSettings = PbxSettings()
    timing: TimingSettings = TimingSettings()
    dialling: DiallingSettings = DiallingSettings()
    outbox: OutboxSettings = OutboxSettings()
    log: LogSettings = LogSettings()

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
                filled = given.replace("{var_dir}", str(_absolute(var_dir)))
                data = {**data, "database_url": filled}
        return data

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _check_url("database_url", self.database_url, ("sqlite+", "postgresql+"))
        _check_url("redis_url", self.redis_url, ("redis://", "rediss://", "unix://"))
        if self.pbx.managed:
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
    config: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """
    Read the file and the environment.

    Args:
        config: The TOML file; None means `CALLENGINE_CONFIG`, or `callengine.toml`
            if there is one.
        environ: Checked for misspelt names; default `os.environ`.

    Raises:
        SettingsError: naming every wrong key and what to do.
    """
    environ = os.environ if environ is None else environ
    path = _settings_file(config, environ)
    problems = list(_unknown_variables(environ))

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        settings = FromFile()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is no valid TOML: {error}") from error
    except ValidationError as error:
        problems += _explain(error, path)
    except (OSError, ValueError) as error:
        raise SettingsError(f"Cannot read the settings: {error}") from error
    else:
        if not problems:
            return settings
    raise SettingsError("\n".join(problems))


def _settings_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
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
        if isinstance(field.default, Section):
            inner = type(field.default).model_fields
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
        elif problem["type"] not in {"value_error"}:
            text = f"{text}, not {problem['input']!r}"
        variable = PREFIX + key.upper().replace(".", "__")
        where = f" (in {path or DEFAULT_FILE} or {variable})" if key in keys else ""
        yield f"{key}: {text}{where}" if problem["loc"] else text
