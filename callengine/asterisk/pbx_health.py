"""Whether a started Asterisk is fit for calls, and what it says if not."""

import re
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from callengine.asterisk.pbx_config import PbxConfig, PbxError

ANSWER_WITHIN_S = 5.0
LOAD_LINE = re.compile(r"^\s*load\s*=>?\s*(\S+)", re.MULTILINE)
LINES_SHOWN = 8


class AriProbe:
    """The two questions asked of ARI before there is an engine."""

    def __init__(self, config: PbxConfig) -> None:
        """Prepare; connects when first asked."""
        self._base = f"http://{config.ari_host}:{config.ari_port}/ari"
        login = aiohttp.encode_basic_auth(config.ari_user, config.ari_password)
        self._headers = {"Authorization": login}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()

    async def answers(self) -> bool:
        """Whether ARI answers, which it does once Asterisk is fully booted."""
        try:
            await self._get("/asterisk/ping")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        return True

    async def modules(self) -> dict[str, str]:
        """
        Every loaded module and its status, such as `Running`.

        Raises:
            PbxError: ARI does not answer.
        """
        try:
            listed = await self._get("/asterisk/modules")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PbxError(f"ARI does not list Asterisk's modules: {error}") from error
        return {module["name"]: module["status"] for module in listed}

    async def _get(self, path: str) -> Any:
        if self._session is None:
            raise RuntimeError("AriProbe is used with `async with`.")
        async with self._session.get(self._base + path) as response:
            response.raise_for_status()
            return await response.json()


def needed_modules(config: PbxConfig) -> tuple[str, ...]:
    """The modules that the rendered `modules.conf` names."""
    text = (config.etc / "modules.conf").read_text(encoding="utf-8")
    return tuple(LOAD_LINE.findall(text))


def declined(needed: Iterable[str], found: Mapping[str, str]) -> tuple[str, ...]:
    """Those needed that do not run."""
    return tuple(name for name in needed if found.get(name) != "Running")


def log_tail(config: PbxConfig, about: Iterable[str] = ()) -> str:
    """
    The end of Asterisk's log, or what it says about some modules.

    Returns:
        Text to append to an error message, which names the file.
    """
    lines: list[str] = []
    for path in (config.log_file, config.home / "log" / "console.log"):
        try:
            lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
    words = [name.removesuffix(".so") for name in about]
    matching = [line for line in lines if any(word in line for word in words)]
    shown = (matching or [line for line in lines if line.strip()])[-LINES_SHOWN:]
    return "\n".join([f"Its log ({config.log_file}) says:", *shown])
