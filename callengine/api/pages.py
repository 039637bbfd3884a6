"""The agent page and the headers that keep it to itself."""

from pathlib import Path

from aiohttp import web

import callengine

FOLDER = Path(callengine.__file__).parent / "desktop"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


async def home(request: web.Request) -> web.StreamResponse:
    """Lead from the bare address to the agent page."""
    raise web.HTTPFound("/desktop")


async def agent_page(request: web.Request) -> web.StreamResponse:
    """Serve the agent page."""
    return web.FileResponse(FOLDER / "index.html")


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on everything; answers with data are never cached."""
    response.headers.update(SECURITY_HEADERS)
    is_page = isinstance(response, web.FileResponse)
    # Pages are revalidated, so that a new engine never runs with old modules.
    response.headers.setdefault("Cache-Control", "no-cache" if is_page else "no-store")
