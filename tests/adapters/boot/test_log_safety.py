"""No secret gets into a log, and nobody but us begins a line of it."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel
from sqlalchemy import text

from callengine.api.errors import error_middleware
from callengine.boot.logs import configure_logs
from callengine.store import Database

PASSWORD = "S3cr3t-Of-Anna"
KEY = "cek_SECRETKEYOFTHESHOP"
EVIL = [
    "x\n2026-11-29T12:00:00Z [info     ] all is well",
    "x\r2026-11-29T12:00:00Z [info     ] all is well",
    'x\u2028{"level":"info"}',
    "x\u2029y",
    "x\u0085y",
    "x\x0b\x0cy",
    "\u202eevol\u202c",
    "\u2066hidden\u2069",
    "\x1b[2J\x1b]0;title\x07",
    "\x00\x08\x7f\x9b31m",
    "\ud800",
]
TRICKS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The logging of the test run, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(params=["json", "people"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    """A log of each kind."""
    written = io.StringIO()
    configure_logs(json_lines=request.param == "json", stream=written)
    return written


class LogIn(BaseModel):
    """What an agent sends."""

    login: str
    password: str


def fail(said: str) -> None:
    """Fail with these words."""
    raise RuntimeError(said)


def fail_with(password: str, key: str) -> None:
    """Fail with secrets in every frame, as a driver may."""
    headers = {"Authorization": f"Bearer {key}", "Cookie": f"callengine_session={key}"}
    form = LogIn(login="anna", password=password)
    raise RuntimeError(f"no luck with {len(headers)} headers of {form.login}")


def test_a_traceback_shows_no_local_variable(stream: io.StringIO) -> None:
    try:
        fail_with(PASSWORD, KEY)
    except RuntimeError:
        structlog.get_logger("engine").exception("request failed")
        logging.getLogger("library").exception("it failed")
    told = stream.getvalue()
    assert "no luck with 2 headers of anna" in told
    assert "fail_with" in told
    assert PASSWORD not in told
    assert KEY not in told


async def test_a_failing_request_leaves_no_secret(stream: io.StringIO) -> None:
    async def log_in(request: web.Request) -> web.Response:
        form = await request.json()
        headers = dict(request.headers)
        raise RuntimeError(f"cannot take {form} with {headers} of {request.cookies}")

    app = web.Application(middlewares=[error_middleware])
    app.router.add_post("/login", log_in)
    bare = web.Application()
    bare.router.add_post("/login", log_in)
    for each in (app, bare):
        async with TestClient(TestServer(each)) as client:
            answer = await client.post(
                "/login",
                json={"login": "anna", "password": PASSWORD},
                headers={"Authorization": f"Bearer {KEY}"},
                cookies={"callengine_session": KEY},
            )
            page = await answer.text()
            assert answer.status == 500
            assert PASSWORD not in page
            assert KEY not in page
    assert "cannot take" in stream.getvalue()
    assert PASSWORD not in stream.getvalue()
    assert KEY not in stream.getvalue()


async def test_a_task_nobody_awaits_leaves_no_secret(stream: io.StringIO) -> None:
    async def forgotten(password: str) -> None:
        raise ValueError(f"postgresql+asyncpg://callengine:{password}@db/x is away")

    loop = asyncio.get_running_loop()
    loop.call_exception_handler(
        {
            "message": "Task exception was never retrieved",
            "task": PASSWORD[:0],
            "exception": (
                await asyncio.gather(forgotten(PASSWORD), return_exceptions=True)
            )[0],
        }
    )
    assert "never retrieved" in stream.getvalue()
    assert PASSWORD not in stream.getvalue()


async def test_a_failing_statement_leaves_no_parameter(
    stream: io.StringIO, tmp_path: Any
) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    try:
        async with db.write() as connection:
            await connection.execute(
                text("INSERT INTO nowhere VALUES (:secret)"), {"secret": PASSWORD}
            )
    except Exception:
        structlog.get_logger("store").exception("not written")
    await db.close()
    assert "nowhere" in stream.getvalue()
    assert PASSWORD not in stream.getvalue()


@pytest.mark.parametrize(
    "said",
    [
        f"postgresql+asyncpg://callengine:{PASSWORD}@127.0.0.1/callengine",
        f"redis://:{PASSWORD}@127.0.0.1:6379/0",
        f"redis://default:a@{PASSWORD}@127.0.0.1:6379/0",
        f"Authorization: Basic {PASSWORD}",
        f"{{'authorization': 'Bearer {PASSWORD}'}}",
        f"Cookie: a=b; callengine_session={PASSWORD}",
        f"bearer {PASSWORD}",
        f"login(login='anna', password='{PASSWORD}')",
        f"input_value={{'login': 'anna', 'password': '{PASSWORD}'}}",
        f'{{"sip_password": "{PASSWORD}"}}',
        f"shop_secret={PASSWORD}",
        f"whsec_{PASSWORD}",
        f"cek_{PASSWORD}",
        f"admin_token = {PASSWORD}",
        f"duplicate key\nDETAIL:  Key (phone)=({PASSWORD}) already exists.",
    ],
)
def test_what_looks_like_a_secret_is_hidden(stream: io.StringIO, said: str) -> None:
    log = structlog.get_logger("store")
    log.error("it failed", error=said, deep={"rows": [said]})
    try:
        fail(said)
    except RuntimeError:
        log.exception("it failed", cause=RuntimeError(said))
    logging.getLogger("library").error("failed: %s", said)
    assert PASSWORD not in stream.getvalue()


@pytest.mark.parametrize(
    "name", ["password", "shop_secret", "Authorization", "api_key"]
)
def test_a_field_with_the_name_of_a_secret_is_hidden(
    stream: io.StringIO, name: str
) -> None:
    structlog.get_logger("store").info("x", **{name: PASSWORD}, deep={name: PASSWORD})
    assert PASSWORD not in stream.getvalue()


def test_what_only_resembles_a_secret_stays(stream: io.StringIO) -> None:
    said = "http://127.0.0.1:8080/api took 3 tokens; journal down: lease token 5"
    structlog.get_logger("store").info("x", said=said, first_password_try=True)
    assert "took 3 tokens" in stream.getvalue()
    assert "127.0.0.1:8080/api" in stream.getvalue()
    assert "lease token 5" in stream.getvalue()


@pytest.mark.parametrize("text_", EVIL, ids=ascii)
def test_a_callers_text_stays_in_its_line(stream: io.StringIO, text_: str) -> None:
    log = structlog.get_logger("engine")
    log.info("call began", caller=text_, agents=[text_], by={text_: text_})
    log.info(f"call of {text_}")
    logging.getLogger("library").warning("agent %s is odd", text_)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert all(line.startswith(("{", "2")) for line in lines)
    assert not TRICKS.search(stream.getvalue().replace("\n", ""))
    stream.getvalue().encode()


@pytest.mark.parametrize("text_", EVIL, ids=ascii)
def test_a_callers_text_in_an_error_begins_no_line(
    stream: io.StringIO, text_: str
) -> None:
    try:
        fail(f"bad name: {text_}")
    except RuntimeError:
        structlog.get_logger("engine").exception("refused")
    first, *rest = stream.getvalue().split("\n")[:-1]
    assert first.startswith(("{", "2"))
    assert all(line.startswith("    ") for line in rest)
    assert not TRICKS.search("".join([first, *rest]))


def test_json_keeps_the_text_as_it_was() -> None:
    written = io.StringIO()
    configure_logs(json_lines=True, stream=written)
    said = "Анна\n\u202eІванівна 🛒\u2028\xa0ok"
    structlog.get_logger("engine").info("call began", caller=said)
    assert "Анна" in written.getvalue()
    assert json.loads(written.getvalue())["caller"] == said


def test_a_line_that_cannot_be_written_says_only_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Full(io.StringIO):
        def write(self, _line: str) -> int:
            raise OSError(28, f"no space for {PASSWORD}")

    configure_logs(json_lines=True, stream=Full())
    structlog.get_logger("engine").info("call began", caller=PASSWORD)
    assert PASSWORD not in capsys.readouterr().err
