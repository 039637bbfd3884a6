"""
Where a request really comes from, and whether it came by HTTPS, behind a proxy.

`X-Forwarded-*` and `Forwarded` are believed only when the connection comes from an
address of `api.trusted_proxies`: anybody can write them.
"""

import re
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from aiohttp import web

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MAX_HOPS = 20
_PAIR = re.compile(r'\s*([a-z]+)=("[^"]*"|[^;,\s]*)\s*', re.IGNORECASE)


def networks_of(texts: list[str]) -> tuple[Network, ...]:
    """Read addresses and networks. Raises `ValueError` naming the one that is none."""
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ip_network(text.strip(), strict=False))
        except ValueError:
            raise ValueError(f"{text!r} is no IP address or network") from None
    return tuple(found)


def client_address(request: web.Request, trusted: tuple[Network, ...]) -> str:
    """
    Say where a request comes from: the nearest hop that is no proxy of ours.

    What strangers write before that hop is not believed.
    """
    peer = _address(request.remote or "")
    if peer is None or not _is_trusted(peer, trusted):
        return request.remote or ""
    for text in reversed(_hops(request)[-MAX_HOPS:]):
        hop = _address(text)
        if hop is None:
            break  # `unknown`, or a name: the proxy before it is all we know
        peer = hop
        if not _is_trusted(hop, trusted):
            break
    return str(peer)


def came_by_https(request: web.Request, trusted: tuple[Network, ...]) -> bool:
    """Say whether the browser's own connection was HTTPS."""
    if request.secure:
        return True
    peer = _address(request.remote or "")
    if peer is None or not _is_trusted(peer, trusted):
        return False
    said = request.headers.getall("X-Forwarded-Proto", [])
    if said:
        return said[-1].rpartition(",")[2].strip().lower() == "https"
    elements = _forwarded(request)
    return bool(elements) and elements[-1].get("proto", "").lower() == "https"


def _hops(request: web.Request) -> list[str]:
    said = request.headers.getall("X-Forwarded-For", [])
    if said:
        return [hop.strip() for hop in ",".join(said).split(",")]
    return [element.get("for", "") for element in _forwarded(request)]


def _forwarded(request: web.Request) -> list[dict[str, str]]:
    """Read RFC 7239; used only where the proxy does not write the older headers."""
    text = ",".join(request.headers.getall("Forwarded", []))
    return [
        {name.lower(): value.strip('"') for name, value in _PAIR.findall(element)}
        for element in text.split(",")
        if element.strip()
    ]


def _address(text: str) -> Address | None:
    """Read `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`."""
    host = text.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host[:64])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_trusted(address: Address, trusted: tuple[Network, ...]) -> bool:
    return any(address in network for network in trusted)
