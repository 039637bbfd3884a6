"""A backup while orders come in: of one instant, and enough to start another engine."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from tests.integration.backup.conftest import Admin, rows_of
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(240)

SHOP = "teplo"
WITHIN_S = 40.0


@pytest.fixture
def api(admin: Admin) -> str:
    """Free ports for the engine; where its HTTP interface will be."""
    settings = admin.folder / "callengine.toml"
    text = settings.read_text()
    for table in ("api", "ari", "ami", "agi"):
        port = free_port()
        text = text.replace(f"[{table}]\n", f"[{table}]\nport = {port}\n")
        if table == "api":
            url = f"http://127.0.0.1:{port}/api/v1/shops/{SHOP}/orders"
    settings.write_text(text)
    return url


def environment() -> dict[str, str]:
    """Variables of a command; with bytecode files, or each start takes seconds."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}


@contextmanager
def engine(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """An engine, without an Asterisk."""
    with (folder / "engine.log").open("ab") as log:
        command = [sys.executable, "-m", "callengine", "run"]
        with subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


async def command(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command beside; its exit code and what it said."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callengine", *arguments),
        cwd=folder,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(running.communicate(), WITHIN_S)
    assert running.returncode is not None
    return running.returncode, said.decode()


def order(number: int) -> dict[str, object]:
    """An order of three lines."""
    line = {"sku": "TP-1", "name": "Чайник", "quantity": 1, "price_minor": 100}
    return {
        "number": f"B-{number}",
        "customer": {"name": "Ирина", "phone": f"+7916500{number:04d}"},
        "items": [{**line, "sku": f"TP-{i}"} for i in range(3)],
    }


class Traffic:
    """A shop that sends one order after the other."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.taken = 0
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {key}"}
        )

    async def place(self, number: int) -> int:
        """Send an order; the reply's status, 0 when nobody answers."""
        try:
            async with self._session.post(self.url, json=order(number)) as reply:
                return reply.status
        except aiohttp.ClientError:
            return 0

    async def until_served(self) -> None:
        """Return when the first order is taken."""
        async with asyncio.timeout(WITHIN_S):
            for attempt in count():
                if await self.place(0) in {200, 201}:
                    return
                await asyncio.sleep(min(0.05 * attempt, 0.2))

    async def go_on(self) -> None:
        """Send orders for ever."""
        while True:
            assert await self.place(self.taken + 1) == 201
            self.taken += 1

    async def status_of(self, number: int) -> int:
        """Whether the engine knows an order."""
        async with self._session.get(f"{self.url}/B-{number}") as reply:
            return reply.status

    async def close(self) -> None:
        """End."""
        await self._session.close()


@pytest.fixture
def key(admin: Admin) -> str:
    """A new key of the shop."""
    file = admin.folder / "centre.toml"
    file.write_text(
        f'[[shops]]\nslug = "{SHOP}"\nname = "Тепло"\nlanguage = "ru"\nregion = "RU"\n'
        'currency = "RUB"\nzone = "Europe/Moscow"\nnumbers = ["84950000101"]\n'
    )
    admin.does("apply", str(file), "--rotate", "--secrets-out", "keys.json")
    told = json.loads((admin.folder / "keys.json").read_text())
    return str(told["shops"][SHOP]["api_key"])


async def test_a_backup_under_traffic_starts_another_engine(
    admin: Admin, api: str, key: str, tmp_path: Path
) -> None:
    traffic = Traffic(api, key)
    saved = tmp_path / "saved"
    with engine(admin.folder):
        await traffic.until_served()
        sending = asyncio.create_task(traffic.go_on())
        await until(lambda: traffic.taken >= 5, within_s=WITHIN_S)
        before = traffic.taken
        code, said = await command(admin.folder, "backup", str(saved))
        assert (code, sending.done()) == (0, False), said
        after = traffic.taken
        assert after > before
        code, said = await command(admin.folder, "restore", str(saved), "--force")
        assert (code, "an engine runs" in said) == (1, True), said
        sending.cancel()
        await asyncio.wait({sending})

    code, said = await command(admin.folder, "restore", str(saved))
    assert (code, "--force" in said) == (1, True), said
    code, said = await command(admin.folder, "restore", str(saved), "--force")
    assert code == 0, said
    rows = await rows_of(admin.url)
    orders = {row[0] for row in rows["orders"]}
    assert before < len(orders) <= after + 1
    lines: dict[object, int] = {}
    for row in rows["order_items"]:
        lines[row[0]] = lines.get(row[0], 0) + 1
    assert set(lines) == orders
    assert set(lines.values()) == {3}

    with engine(admin.folder):
        await traffic.until_served()
        assert await traffic.status_of(before) == 200
        assert await traffic.place(9000) == 201
    await traffic.close()
