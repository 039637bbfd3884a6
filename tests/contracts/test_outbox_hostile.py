"""Receivers that drip, flood, redirect or speak badly: bounded, named, kept."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from callengine.core.ids import MessageId, ShopId
from callengine.engine.deliveries import OutboxMessage
from callengine.integrations import posting
from callengine.integrations.posting import open_session, post
from callengine.integrations.verdicts import Blame, Verdict

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def message(url: str) -> OutboxMessage:
    """A message to an address."""
    return OutboxMessage(
        message=MessageId("m"),
        shop=ShopId("teplo"),
        receiver="shop",
        type="order.confirmed",
        url=url,
        secret=SECRET,
        body=b"{}",
        tries=0,
        created_at=0.0,
    )


@asynccontextmanager
async def serving(
    serve: Serve, until: bytes | None = b"\r\n\r\n"
) -> AsyncIterator[str]:
    """A server of raw bytes, which reads a request's head first; its address."""

    busy: set[asyncio.Task[None]] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if until is not None:
                    await reader.readuntil(until)
                await serve(reader, writer)
        finally:
            writer.transport.abort() if task.cancelling() else writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(each, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}/"
    finally:
        server.close()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


async def tried(url: str, *, private_allowed: bool = True) -> Verdict:
    """What one try came to; it never takes longer than the test's patience."""
    async with (
        asyncio.timeout(20),
        open_session(private_allowed=private_allowed) as session,
    ):
        return await post(
            session, message(url), time.time(), private_allowed=private_allowed
        )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines that a test can wait for."""
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.6)
    monkeypatch.setattr(posting, "CONNECT_TIMEOUT_S", 0.5)
    monkeypatch.setattr(posting, "ANSWER_TIMEOUT_S", 0.2)


async def test_a_receiver_that_drips_its_headers_is_cut_off() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(drip) as url:
        verdict = await tried(f"http://{url}")
    assert (verdict.error, verdict.blame) == ("no answer in time", Blame.RECEIVER)


@pytest.mark.parametrize("status", [200, 503])
async def test_a_body_without_end_is_read_to_its_bound(status: int) -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n" % status)
        while not writer.is_closing():
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()
            sent += 1024

    async with serving(flood) as url:
        verdict = await tried(f"http://{url}")
    assert verdict.status == status
    assert len(verdict.answer) <= posting.MAX_ANSWER_BYTES
    assert sent < 50_000_000


async def test_a_body_that_never_comes_does_not_undo_a_yes() -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(5)

    async with serving(silent) as url:
        verdict = await tried(f"http://{url}")
    assert (verdict.status, verdict.error) == (200, "")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"\x00\xff" * 500,
    ],
    ids=["nothing", "ssh", "no status", "bad length", "long header", "noise"],
)
async def test_what_is_no_http_pauses_the_receiver_with_its_reason(raw: bytes) -> None:
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    async with serving(say) as url:
        verdict = await tried(f"http://{url}")
    assert verdict.blame is Blame.RECEIVER
    assert verdict.error
    assert verdict.error.isprintable()
    assert len(verdict.error) <= posting.MAX_ANSWER_BYTES


async def test_a_redirection_is_not_followed_and_names_its_target() -> None:
    async def away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        await writer.drain()

    async with serving(away) as url:
        verdict = await tried(f"http://{url}")
    assert verdict.blame is Blame.RECEIVER
    assert "redirects to http://169.254.169.254/" in verdict.error


async def test_a_name_that_leads_nowhere_is_told_as_dns() -> None:
    verdict = await tried("https://no-such-host.invalid/")
    assert verdict.blame is Blame.RECEIVER
    assert verdict.error.startswith(("DNS", "no answer in time"))


async def test_a_server_without_tls_is_told_as_tls() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()

    async with serving(plain, until=None) as url:
        verdict = await tried(f"https://{url}")
    assert verdict.blame is Blame.RECEIVER
    assert verdict.error.startswith("TLS")


async def test_nobody_there_is_told_as_connection() -> None:
    verdict = await tried("http://127.0.0.1:9/")
    assert verdict.blame is Blame.RECEIVER
    assert verdict.error.startswith("connection: ")
