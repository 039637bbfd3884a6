"""
Where messages may go: http(s) to public addresses.

Receivers' addresses are typed by people; without this guard one of them could make
the engine post to the machine's own services or a cloud's metadata address.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

LOOKUPS_AT_ONCE = 32


class ForbiddenAddress(Exception):
    """The address is not one we send to; the text says why."""


def check_url(text: str, *, private_allowed: bool) -> URL:
    """Read a receiver's address. Raises `ForbiddenAddress`."""
    try:
        url = URL(text)
    except ValueError as error:
        raise ForbiddenAddress(f"not an address: {error}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ForbiddenAddress("not an http or https address")
    if url.user or url.password:
        raise ForbiddenAddress("login and password do not belong in the address")
    try:
        literal = ip_address(url.host)
    except ValueError:
        return url
    if not private_allowed and not is_public(literal):
        raise ForbiddenAddress("a private address")
    return url


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is out on the internet."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return bool(plain.is_global) and not plain.is_multicast


class Resolver(AbstractResolver):
    """
    Resolves names with threads of its own: a name server that hangs keeps only us.

    Args:
        private_allowed: else public addresses only; the check and the use are one.
    """

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, "webhook-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name. Raises `OSError` when nothing that is allowed is left."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads,
            partial(
                socket.getaddrinfo,
                host,
                port,
                family=family,
                type=socket.SOCK_STREAM,
                flags=socket.AI_ADDRCONFIG,
            ),
        )
        allowed = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, protocol, _, address in found
            if self._private_allowed or is_public(ip_address(str(address[0])))
        ]
        if not allowed:
            raise OSError(None, "the name leads to a private address")
        return allowed

    async def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
