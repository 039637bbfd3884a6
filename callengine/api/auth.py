"""Who may ask: shops by key, the admin by token, probes by address."""

import hmac
from ipaddress import ip_address

from aiohttp import web

from callengine.api.deps import DEPS
from callengine.api.errors import ApiError
from callengine.api.forwarded import client_address
from callengine.core.ids import ShopId

MAX_KEY_CHARS = 256

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def bearer(request: web.Request) -> str:
    """Read `Authorization: Bearer ...`. Raises `ApiError` 401."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not 0 < len(key) <= MAX_KEY_CHARS:
        message = "Send your key as Authorization: Bearer KEY."
        raise ApiError(401, "no_key", message, headers=_CHALLENGE)
    return key


async def shop_of(request: web.Request) -> ShopId:
    """
    Say which shop the key and the path agree on.

    Raises `ApiError`: 401 no or wrong key, 403 key of another shop, 404 no such shop.
    """
    deps = request.app[DEPS]
    owner = await deps.shop_keys.shop_for_key(bearer(request))
    if owner is None:
        note(request, "wrong key", shop=request.match_info["shop"])
        raise ApiError(401, "wrong_key", "This is no shop's key.", headers=_CHALLENGE)
    asked = ShopId(request.match_info["shop"])
    if asked == owner:
        return owner
    roster = await deps.directory.roster()
    if asked in {shop.shop for shop in roster.shops}:
        note(request, "key of another shop", shop=owner, asked=asked)
        raise ApiError(403, "key_of_another_shop", "The key is another shop's.")
    raise ApiError(404, "unknown_shop", "There is no such shop.")


def require_admin(request: web.Request) -> None:
    """Let the admin's token in. Raises `ApiError` 401."""
    said = bearer(request).encode()
    known = [token.encode() for token in request.app[DEPS].admin_tokens() if token]
    if not any(hmac.compare_digest(said, token) for token in known):
        note(request, "wrong token")
        message = "This is not the admin's token."
        raise ApiError(401, "wrong_token", message, headers=_CHALLENGE)


def require_loopback(request: web.Request) -> None:
    """
    Let callers on this machine in. Raises `ApiError` 403.

    A forwarded request comes from elsewhere, whatever address its proxy has.
    """
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded or not _is_loopback(request.remote):
        raise ApiError(403, "loopback_only", "Ask from this machine.")


def note(request: web.Request, event: str, **said: str) -> None:
    """Keep an event of security, with where it came from."""
    request.app[DEPS].note(event, address=address_of(request), **said)


def address_of(request: web.Request) -> str:
    """Say where a request comes from, as far as our proxies tell."""
    return client_address(request, request.app[DEPS].trusted_proxies)


def _is_loopback(address: str | None) -> bool:
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
