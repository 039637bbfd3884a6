"""Half a request holds nothing, and an upload that breaks off is nobody's failure."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest
import structlog
from aiohttp import web

from callengine.api import bodies
from callengine.api.serving import TimedRunner
from tests.support.waiting import until

HEAD = (
    b"POST /api/v1/shops/teplo/orders HTTP/1.1\r\nHost: x\r\n"
    b"Authorization: Bearer teplo-key\r\nContent-Type: application/json\r\n"
)


@pytest.fixture
async def port(world: Any) -> AsyncIterator[int]:
    """The API as the engine serves it, with little patience."""
    runner = TimedRunner(world.client.server.app, headers_s=0.3)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def said(port: int, *pieces: bytes, ends: bool = False) -> bytes:
    """Send pieces, read until the other side closes or an answer is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if ends:
            writer.transport.abort()
            return b""
        async with asyncio.timeout(20):
            return await reader.read()


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
        HEAD,
        HEAD + b"X-Slow: " + b"a" * 4000,
    ],
)
async def test_headers_that_do_not_come_end_the_connection(
    port: int, half: bytes
) -> None:
    assert await said(port, half) == b""


async def test_a_second_request_that_is_half_sent_ends_the_connection(
    port: int,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(b"GET /desktop HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        await reader.readexactly(length)
        writer.write(b"GET /desk")
        async with asyncio.timeout(20):
            rest = await reader.read()

    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest == b""


async def test_a_body_that_does_not_come_is_told_so(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.2)
    answer = await said(port, HEAD + b'Content-Length: 100\r\n\r\n{"number"')

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"too_slow"' in answer


async def test_a_body_that_drips_is_no_longer_lived_than_one_that_stops(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with closing(writer):
        writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
        answer = asyncio.ensure_future(reader.read(12))
        async with asyncio.timeout(20):
            while not answer.done():
                writer.write(b" ")
                await asyncio.wait({answer}, timeout=0.05)
        assert answer.result() == b"HTTP/1.1 408"


@pytest.mark.parametrize(
    "upload",
    [
        HEAD + b'Content-Length: 1000\r\n\r\n{"number": "T-1", ',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"num',
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_an_upload_that_breaks_off_is_no_error(
    port: int, upload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as lines:
        await said(port, upload, ends=True)
        await until(
            lambda: any(x["event"] == "upload aborted" for x in lines), within_s=20
        )

    assert {line["log_level"] for line in lines} <= {"info", "debug"}
    assert [r for r in caplog.records if r.levelname in ("ERROR", "WARNING")] == []


async def test_chunks_that_are_none_are_refused(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await said(
        port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\nxx\r\n"
    )

    assert b" 400 " in answer.splitlines()[0]
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "noise",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"HELO x\r\n\r\n", b"GET / \x00\r\n\r\n"],
)
async def test_what_is_no_http_is_no_error_either(
    port: int, noise: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await said(port, noise)

    assert answer == b"" or b" 400 " in answer.splitlines()[0]
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_without_end_is_refused(port: int, packed: bool) -> None:
    body = b" " * (bodies.MAX_BODY_BYTES * 4)
    head = HEAD
    if packed:
        body, head = gzip.compress(body), HEAD + b"Content-Encoding: gzip\r\n"
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    answer = await said(port, head + length + body)

    assert answer.startswith(b"HTTP/1.1 413 ")
