"""The pool of connections, against a server that does what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from callengine.asterisk.ari.http import HttpPool, HttpSettings
from callengine.engine.ports import TelephonyDown

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """Answers each request by `answer`, which a test replaces."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.at_once = 0
        self.most_at_once = 0
        self.answer: Callable[[bytes], Awaitable[bytes]] = self.always_ok
        self.port = 0

    async def always_ok(self, request: bytes) -> bytes:
        """Answer 200."""
        return OK

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection until an answer is b'' or the peer goes."""
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split()[0])
                body = await reader.readexactly(size)
                self.requests.append(head + body)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                answer = await self.answer(head)
                self.at_once -= 1
                if not answer:
                    return
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def pool(server: Server) -> AsyncIterator[HttpPool]:
    pool = make(server)
    yield pool
    await pool.close()


def make(server: Server, **changes: float) -> HttpPool:
    """A pool of 4 with short deadlines."""
    values: dict[str, float] = {"connections": 4, "within_s": 0.5, **changes}
    return HttpPool(HttpSettings(port=server.port, password="pass", **values))  # type: ignore[arg-type]


async def test_a_request_carries_authorization_and_length(
    server: Server, pool: HttpPool
) -> None:
    assert await pool.request("POST", "/ari/x?a=b", b'{"c":1}') == (200, b"{}")
    (sent,) = server.requests
    assert sent.startswith(b"POST /ari/x?a=b HTTP/1.1\r\n")
    assert b"Authorization: Basic Y2FsbGVuZ2luZTpwYXNz\r\n" in sent
    assert sent.endswith(b'Content-Length: 7\r\n\r\n{"c":1}')


async def test_connections_are_used_again(server: Server, pool: HttpPool) -> None:
    for _ in range(10):
        await pool.request("GET", "/ari/x")
    assert server.connections == 1


async def test_no_more_connections_than_allowed_and_nobody_is_forgotten(
    server: Server, pool: HttpPool
) -> None:
    async def slow(_: bytes) -> bytes:
        await asyncio.sleep(0.005)
        return OK

    server.answer = slow
    replies = await asyncio.gather(*(pool.request("GET", "/x") for _ in range(50)))
    assert [reply.status for reply in replies] == [200] * 50
    assert server.connections == server.most_at_once == 4


async def test_a_cancelled_wait_gives_its_place_on(
    server: Server, pool: HttpPool
) -> None:
    gate, full = asyncio.Event(), asyncio.Event()

    async def held(_: bytes) -> bytes:
        if server.at_once == 4:
            full.set()
        await gate.wait()
        return OK

    server.answer = held
    tasks = [asyncio.create_task(pool.request("GET", "/x")) for _ in range(12)]
    await full.wait()
    for task in tasks[2:8]:  # two that are served, four that wait
        task.cancel()
    gate.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(x, asyncio.CancelledError) for x in done) == 6
    assert (await pool.request("GET", "/x")).status == 200


async def test_no_reply_in_time_is_an_unknown_outcome_and_costs_the_connection(
    server: Server,
) -> None:
    never = asyncio.Event()

    async def silent(_: bytes) -> bytes:
        await never.wait()
        return OK

    pool = make(server, within_s=0.05, connections=1)
    server.answer = silent
    with pytest.raises(TelephonyDown):
        await pool.request("POST", "/x")
    server.answer = server.always_ok
    assert (await pool.request("GET", "/x")).status == 200
    assert server.connections == 2
    never.set()
    await pool.close()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_repeatable_command_survives_a_connection_that_had_died(
    server: Server, pool: HttpPool, method: str
) -> None:
    await pool.request("GET", "/x")
    await die_once(server)
    assert (await pool.request(method, "/x")).status == 200


async def test_a_post_is_never_sent_twice(server: Server, pool: HttpPool) -> None:
    await pool.request("GET", "/x")
    await die_once(server)
    with pytest.raises(TelephonyDown):
        await pool.request("POST", "/y")
    assert len([r for r in server.requests if b"/y" in r]) == 1


async def die_once(server: Server) -> None:
    """Let the server close instead of answering the next request."""

    async def die(_: bytes) -> bytes:
        server.answer = server.always_ok
        return b""

    server.answer = die


async def test_an_old_idle_connection_is_not_trusted(server: Server) -> None:
    pool = make(server, idle_s=-1.0)
    await pool.request("GET", "/x")
    await pool.request("GET", "/x")
    assert server.connections == 2
    await pool.close()


async def test_nobody_listening_is_down() -> None:
    pool = HttpPool(HttpSettings(port=1, password="x"))
    with pytest.raises(TelephonyDown):
        await pool.request("GET", "/x")
    await pool.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 what\r\nContent-Length: 0\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK + OK,
        b"x" * 20_000,
    ],
    ids=["chunked", "no number", "huge", "no status", "not http", "two", "endless"],
)
async def test_a_strange_reply_is_down_and_harms_nothing(
    server: Server, pool: HttpPool, answer: bytes
) -> None:
    async def strange(_: bytes) -> bytes:
        server.answer = server.always_ok
        return answer

    server.answer = strange
    try:
        reply = await pool.request("POST", "/x")
        assert answer == OK + OK  # the first of the two is good
        assert reply.status == 200
    except TelephonyDown:
        assert answer != OK + OK
    assert await pool.request("GET", "/x") == (200, b"{}")
    assert server.connections == 2


async def test_a_reply_in_pieces_is_put_together(
    server: Server, pool: HttpPool
) -> None:
    sizes = b"Content-Length: 200000\r\n\r\n" + b"y" * 200_000

    async def big(_: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\n" + sizes

    server.answer = big
    reply = await pool.request("GET", "/x")
    assert reply.body == b"y" * 200_000


async def test_connection_close_is_obeyed(server: Server, pool: HttpPool) -> None:
    async def last(_: bytes) -> bytes:
        return OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    server.answer = last
    await pool.request("GET", "/x")
    await pool.request("GET", "/x")
    assert server.connections == 2


async def test_an_unquoted_target_is_refused(pool: HttpPool) -> None:
    with pytest.raises(ValueError, match="unquoted"):
        await pool.request("GET", "/x HTTP/1.1\r\nEvil: y")
