"""Log-in, cookies and what guessing costs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.api.sessions import SESSION_S, Sessions
from callengine.core.ids import AgentId

ANNA = AgentId("anna")
LOGIN = "/api/v1/login"


async def test_a_right_password_gives_a_cookie_no_script_can_read(world: Any) -> None:
    form = {"login": "anna", "password": "secret"}

    response = await world.client.post(LOGIN, json=form)

    assert await response.json() == {"agent": "anna", "name": "Anna K."}
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    who = await world.client.get("/api/v1/session")
    assert await who.json() == {"agent": "anna", "name": "Anna K."}


@pytest.mark.parametrize(("proto", "secure"), [("https", True), ("http", False)])
async def test_behind_a_proxy_with_tls_the_cookie_is_never_sent_in_clear(
    world: Any, proto: str, secure: bool
) -> None:
    form = {"login": "anna", "password": "secret"}
    came = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": proto}
    response = await world.client.post(LOGIN, json=form, headers=came)
    assert ("; Secure" in response.headers["Set-Cookie"]) is secure
    out = await world.client.post("/api/v1/logout", headers=came)
    assert out.status == (401 if secure else 200)  # this client speaks plain HTTP


async def test_a_wrong_password_and_an_unknown_login_look_alike(world: Any) -> None:
    answers = []
    for login in ("anna", "nobody"):
        form = {"login": login, "password": "guess"}
        response = await world.client.post(LOGIN, json=form)
        answers.append((response.status, await response.json()))

    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert answers[0][1]["error"]["code"] == "wrong_password"


async def test_guessing_is_stopped_before_the_password_is_checked(world: Any) -> None:
    guess = {"login": "anna", "password": "guess"}
    for _ in range(5):
        assert (await world.client.post(LOGIN, json=guess)).status == 401

    response = await world.client.post(LOGIN, json={**guess, "password": "secret"})

    assert response.status == 429
    assert int(response.headers["Retry-After"]) > 0
    assert world.doors.password_checks == 5
    world.clock[0] += 13
    await world.log_in()


async def test_a_stranger_elsewhere_cannot_keep_an_agent_out(world: Any) -> None:
    guess = {"login": "anna", "password": "guess"}
    for _ in range(10):
        forwarded = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        await world.client.post(LOGIN, json=guess, headers=forwarded)

    await world.log_in()


async def test_logging_out_ends_the_session_and_the_shift(world: Any) -> None:
    await world.log_in()
    stolen = world.client.session.cookie_jar.filter_cookies(world.client.make_url("/"))
    assert (await world.client.post("/api/v1/logout")).status == 200

    headers = {"Cookie": stolen.output(header="").strip()}
    response = await world.client.get("/api/v1/session", headers=headers)

    assert response.status == 401
    assert world.engine.agent_view(ANNA).state == "offline"


async def test_a_session_ends_by_itself(world: Any) -> None:
    await world.log_in()
    world.clock[0] += SESSION_S + 1

    assert (await world.client.get("/api/v1/session")).status == 401


async def test_an_agent_taken_off_the_roster_is_asked_to_log_in(world: Any) -> None:
    await world.log_in()
    world.engine.agents.clear()

    assert (await world.client.get("/api/v1/session")).status == 401


def test_a_token_outlives_a_restart_with_the_same_key() -> None:
    _, token = Sessions(lambda: (b"k" * 32,)).open(ANNA, now=100.0)

    session = Sessions(lambda: (b"k" * 32,)).read(token, now=200.0)

    assert session is not None
    assert session.agent == ANNA
    assert Sessions(lambda: (b"x" * 32,)).read(token, now=200.0) is None


@given(st.text(max_size=80), st.integers(0, 200))
def test_no_altered_token_is_believed(noise: str, at: int) -> None:
    sessions = Sessions(lambda: (b"k" * 32,))
    _, token = sessions.open(ANNA, now=100.0)
    forged = token[:at] + noise + token[at + 1 :]

    session = sessions.read(forged, now=100.0)

    assert session is None or forged == token
