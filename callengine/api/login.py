"""Agents log in and out; the session is a signed cookie."""

import asyncio
from math import ceil

import structlog
from aiohttp import web

from callengine.api.auth import address_of, note
from callengine.api.bodies import read_model
from callengine.api.deps import DEPS
from callengine.api.errors import ApiError, json_response
from callengine.api.forwarded import came_by_https
from callengine.api.limits import RateLimit
from callengine.api.sessions import COOKIE, SESSION_S, Session, Sessions
from callengine.api.texts import Name, Secret, Strict
from callengine.engine.face import AgentView, UnknownAgent
from callengine.engine.ports import AgentProfile

log = structlog.get_logger(__name__)

SESSIONS: web.AppKey[Sessions] = web.AppKey("SESSIONS", Sessions)

CHECKS_AT_ONCE = 4
"""Passwords checked at one time: each costs tens of ms and megabytes on purpose."""


class LogIn(Strict):
    """Login and password of an agent."""

    login: Name
    password: Secret


class LoginGate:
    """Slows guessing down by counting failures three ways."""

    def __init__(self) -> None:
        self._by_pair = RateLimit(burst=5, per_s=1 / 12)
        # Wider, so that a stranger cannot keep an agent out from elsewhere.
        self._by_login = RateLimit(burst=50, per_s=1 / 12)
        # A whole office may sit behind one address.
        self._by_address = RateLimit(burst=30, per_s=1 / 2)
        self.slots = asyncio.Semaphore(CHECKS_AT_ONCE)

    def check(self, login: str, address: str, now: float) -> None:
        """Raise `ApiError` 429 when this one must wait."""
        wait_s = max(
            limit.wait_s(key, now) for limit, key in self._keys(login, address)
        )
        if wait_s > 0:
            headers = {"Retry-After": str(ceil(wait_s))}
            message = f"Too many tries; wait {ceil(wait_s)} s."
            raise ApiError(429, "too_many_tries", message, headers=headers)

    def failed(self, login: str, address: str, now: float) -> None:
        """Count a failure."""
        for limit, key in self._keys(login, address):
            limit.spend(key, now)

    def passed(self, login: str, address: str) -> None:
        """Forget the failures of a login that got in."""
        for limit, key in self._keys(login, address)[:2]:
            limit.forgive(key)

    def _keys(self, login: str, address: str) -> tuple[tuple[RateLimit, str], ...]:
        name = login.casefold()
        return (
            (self._by_pair, f"{name} {address}"),
            (self._by_login, name),
            (self._by_address, address),
        )


GATE: web.AppKey[LoginGate] = web.AppKey("GATE", LoginGate)


def session_of(request: web.Request) -> Session:
    """Say who asks. Raises `ApiError` 401."""
    deps = request.app[DEPS]
    session = request.app[SESSIONS].read(request.cookies.get(COOKIE), deps.now())
    if session is None:
        raise ApiError(401, "not_logged_in", "Log in first.")
    return session


def known_agent(request: web.Request, session: Session) -> AgentView:
    """Show the agent of a session. Raises `ApiError` 401 when they are no more."""
    try:
        return request.app[DEPS].engine.agent_view(session.agent)
    except UnknownAgent:
        raise ApiError(401, "unknown_agent", "Log in again.") from None


async def log_in(request: web.Request) -> web.StreamResponse:
    """Check a password and give a session cookie."""
    form = await read_model(request, LogIn)
    profile = await _check(request, form)
    deps = request.app[DEPS]
    _, token = request.app[SESSIONS].open(profile.agent, deps.now())
    log.info("agent logged in", agent=profile.agent)
    note(request, "logged in", login=profile.agent)
    response = json_response({"agent": profile.agent, "name": profile.name})
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_S),
        httponly=True,
        samesite="Strict",
        secure=came_by_https(request, deps.trusted_proxies),
        path="/",
    )
    return response


async def _check(request: web.Request, form: LogIn) -> AgentProfile:
    deps, gate = request.app[DEPS], request.app[GATE]
    address = address_of(request)
    try:
        gate.check(form.login, address, deps.now())
    except ApiError:
        note(request, "too many tries", login=form.login)
        raise
    async with gate.slots:
        # Asked again: the tries that waited here may have used the rest up.
        gate.check(form.login, address, deps.now())
        profile = await deps.accounts.log_in(form.login, form.password)
    if profile is None:
        gate.failed(form.login, address, deps.now())
        log.warning("login refused", pii_login=form.login, pii_address=address)
        note(request, "wrong password", login=form.login)
        raise ApiError(401, "wrong_password", "Login or password is wrong.")
    gate.passed(form.login, address)
    return profile


async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session; the agent takes no more calls."""
    deps = request.app[DEPS]
    session = session_of(request)
    request.app[SESSIONS].revoke(session, deps.now())
    note(request, "logged out", login=session.agent)
    try:
        await deps.engine.log_out(session.agent)
    except UnknownAgent:
        log.info("agent without roster logged out", agent=session.agent)
    deps.hub.cut_off_agent(session.agent)
    response = json_response({})
    response.del_cookie(
        COOKIE, path="/", secure=came_by_https(request, deps.trusted_proxies)
    )
    return response


async def who_am_i(request: web.Request) -> web.StreamResponse:
    """Say whose session this is, so that a page knows whether to ask a password."""
    view = known_agent(request, session_of(request))
    return json_response({"agent": view.agent, "name": view.name})
