"""
Where messages may go: http(s) to public addresses.

Receivers' addresses are typed by people; without this guard one of them could make
the engine post to the machine's own services or a cloud's metadata address.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL


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


class PublicResolver(ThreadedResolver):
    """Resolves names, keeping public addresses only: the check and the use are one."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name. Raises `OSError` when nothing public is left."""
        found = await super().resolve(host, port, family)
        public = [one for one in found if is_public(ip_address(one["host"]))]
        if not public:
            raise OSError(None, "the name leads to a private address")
        return public
