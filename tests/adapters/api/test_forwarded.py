"""Only our own proxies tell who asks, and whether it was by HTTPS."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from callengine.api.forwarded import came_by_https, client_address, networks_of

PROXIES = networks_of(["127.0.0.1", "10.0.0.0/24", "2001:db8::5"])


def request_from(peer: str, **headers: str) -> Any:
    """A request whose connection comes from an address."""
    made = make_mocked_request(
        "GET", "/", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    return made.clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("203.0.113.9", {"X_Forwarded_For": "198.51.100.7"}, "203.0.113.9"),
        ("127.0.0.1", {}, "127.0.0.1"),
        ("127.0.0.1", {"X_Forwarded_For": "198.51.100.7"}, "198.51.100.7"),
        ("127.0.0.1", {"X_Forwarded_For": "1.1.1.1, 198.51.100.7"}, "198.51.100.7"),
        (
            "127.0.0.1",
            {"X_Forwarded_For": "1.1.1.1, 198.51.100.7, 10.0.0.3"},
            "198.51.100.7",
        ),
        ("10.0.0.9", {"X_Forwarded_For": "[2001:db8::7]:443"}, "2001:db8::7"),
        ("127.0.0.1", {"X_Forwarded_For": "198.51.100.7:1234"}, "198.51.100.7"),
        ("::ffff:127.0.0.1", {"X_Forwarded_For": "198.51.100.7"}, "198.51.100.7"),
        ("2001:db8::5", {"X_Forwarded_For": "::ffff:198.51.100.7"}, "198.51.100.7"),
        ("127.0.0.1", {"X_Forwarded_For": "unknown"}, "127.0.0.1"),
        ("127.0.0.1", {"X_Forwarded_For": "x" * 9000}, "127.0.0.1"),
        ("127.0.0.1", {"X_Forwarded_For": "198.51.100.7, nonsense"}, "127.0.0.1"),
        ("127.0.0.1", {"Forwarded": "for=198.51.100.7;proto=https"}, "198.51.100.7"),
        ("127.0.0.1", {"Forwarded": 'for="[2001:db8::9]:80"'}, "2001:db8::9"),
        (
            "127.0.0.1",
            {"Forwarded": "for=1.1.1.1", "X_Forwarded_For": "198.51.100.7"},
            "198.51.100.7",
        ),
    ],
)
def test_the_address_is_the_nearest_that_is_no_proxy_of_ours(
    peer: str, headers: dict[str, str], address: str
) -> None:
    assert client_address(request_from(peer, **headers), PROXIES) == address


@pytest.mark.parametrize(
    ("peer", "headers", "https"),
    [
        ("203.0.113.9", {"X_Forwarded_Proto": "https"}, False),
        ("127.0.0.1", {"X_Forwarded_Proto": "https"}, True),
        ("127.0.0.1", {"X_Forwarded_Proto": "HTTPS"}, True),
        ("127.0.0.1", {"X_Forwarded_Proto": "http"}, False),
        ("127.0.0.1", {"X_Forwarded_Proto": "https, http"}, False),
        ("127.0.0.1", {"Forwarded": "for=1.1.1.1;proto=https"}, True),
        (
            "127.0.0.1",
            {"Forwarded": "proto=https", "X_Forwarded_Proto": "http"},
            False,
        ),
        ("127.0.0.1", {}, False),
    ],
)
def test_https_is_what_our_proxy_says(
    peer: str, headers: dict[str, str], https: bool
) -> None:
    assert came_by_https(request_from(peer, **headers), PROXIES) is https


def test_without_proxies_nobody_is_believed() -> None:
    forged = request_from(
        "127.0.0.1", X_Forwarded_For="198.51.100.7", X_Forwarded_Proto="https"
    )
    assert client_address(forged, ()) == "127.0.0.1"
    assert not came_by_https(forged, ())


def test_what_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"'proxy\.example' is no IP address"):
        networks_of(["127.0.0.1", "proxy.example"])
