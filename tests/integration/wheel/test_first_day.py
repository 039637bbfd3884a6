"""A stranger's first day: the wheel, an instance, and a call through it."""

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import aiohttp
import pytest

from callengine.asterisk.pbx import Pbx
from callengine.boot.managed_pbx import pbx_config
from callengine.boot.secrets import Secrets, load_secrets
from callengine.boot.settings import Settings, load_settings
from sim.sipp.run import Sipp, SippSettings
from sim.sipp.sounds import make_sounds
from tests.integration.ami.registrar import registered
from tests.support.installation import Installation
from tests.support.ports import free_port
from tests.support.servers import RedisServer
from tests.support.waiting import until

AGENT = "s01"
NUMBER = "+380440000101"
"""Of the sample file that `callengine init` lays out, like the agent."""
PROMPT = "exten => prompt,1,Playback(callengine/welcome)\n"


@pytest.fixture
def site(
    environment: Path, tmp_path: Path, redis_server: RedisServer
) -> Iterator[Installation]:
    """An instance on free ports; whatever happens, its Asterisk ends."""
    site = Installation(environment, tmp_path / "site")
    site.does("init", str(site.instance), "--user", "callengine")
    site.takes_free_ports(redis_server.database(5))
    yield site
    site.does("pbx", "down")


def known_to(site: Installation) -> tuple[Settings, Secrets]:
    """What the instance's commands know."""
    settings = load_settings(site.settings)
    return settings, load_secrets(settings.var_dir)


def sip_password(site: Installation, login: str) -> str:
    """The password that the agent's phone was given."""
    folder = site.instance / "var" / "pbx" / "etc" / "provisioned"
    text = (folder / "pjsip_agents.conf").read_text()
    found = re.search(rf"username = {login}\npassword = (\S+)", text)
    assert found, text
    return found[1]


def provisioned(site: Installation) -> str:
    """What Asterisk is told of the agents' phones, now."""
    site.does("provision")
    folder = site.instance / "var" / "pbx" / "etc" / "provisioned"
    return (folder / "pjsip_agents.conf").read_text()


@contextmanager
def engine(site: Installation) -> "Iterator[subprocess.Popen[bytes]]":
    """A running engine, ended by its own signal."""
    with site.starts("run") as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


async def is_ready(site: Installation, process: "subprocess.Popen[bytes]") -> None:
    """Return when the engine says that it is ready."""
    settings, _ = known_to(site)
    url = f"http://{settings.api.host}:{settings.api.port}/readyz"
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while True:
            assert process.poll() is None, site.log.read_text()
            try:
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


@asynccontextmanager
async def phone(site: Installation, folder: Path) -> AsyncIterator[Sipp]:
    """The agent's softphone: registers, answers, hangs up by itself."""
    settings, secrets = known_to(site)
    port, pbx = free_port(udp=True), Pbx(pbx_config(settings, secrets))
    password = sip_password(site, AGENT)
    await registered(pbx, folder, AGENT, password, port=port, expires_s=300)
    people = SippSettings(
        scenario="agents_answer_and_end",
        folder=folder / "phone",
        address="127.0.0.1",
        port=port,
        pause_ms=500,
        sounds=folder / "sounds",
    )
    async with Sipp(people) as running:
        yield running


def caller(site: Installation, folder: Path) -> SippSettings:
    """One caller of the sample shop, who waits for the agent to end the call."""
    settings, _ = known_to(site)
    return SippSettings(
        scenario="caller_waits_for_the_agent_to_end",
        folder=folder / "caller",
        address="127.0.0.2",
        port=free_port(udp=True, host="127.0.0.2"),
        target=f"127.0.0.1:{settings.sip.port}",
        numbers=[f"+380671111111;127.0.0.2;{NUMBER}"],
        calls=1,
        sounds=folder / "sounds",
    )


async def make_ready(site: Installation, agent: str) -> None:
    """Make an agent ready, as a supervisor does."""
    settings, secrets = known_to(site)
    base = f"http://{settings.api.host}:{settings.api.port}/api/v1"
    login = {"Authorization": f"Bearer {secrets.admin_token}"}
    async with (
        aiohttp.ClientSession(headers=login) as session,
        session.post(f"{base}/agents/{agent}/ready") as reply,
    ):
        assert reply.status < 300, await reply.text()


async def test_from_the_wheel_to_a_call(
    site: Installation, environment: Path, tmp_path: Path
) -> None:
    make_sounds(tmp_path / "sounds")
    assert site.package().is_relative_to(environment)
    sample = str(site.instance / "centre.toml")
    site.does("migrate")
    site.does("check", sample)
    site.does("apply", sample, "--secrets-out", str(tmp_path / "secrets.json"))
    assert json.loads((tmp_path / "secrets.json").read_text())
    (site.instance / "dialplan" / "agents.conf.j2").write_text(
        f"; Ours.\n[from-agents]\n{PROMPT}"
    )
    assert "Asterisk is up" in site.does("pbx", "up")
    site.does("provision")
    assert "welcome" in site.does("pbx", "cli", "dialplan show prompt@from-agents")

    with engine(site) as process:
        await is_ready(site, process)
        async with phone(site, tmp_path) as agents:
            await make_ready(site, AGENT)
            async with Sipp(caller(site, tmp_path)) as customer:
                counts = await customer.finished(within_s=40)
            assert (counts.successful, counts.failed) == (1, 0)
            answered = [m.who for m in agents.moments() if m.what == "answered"]
            assert answered == [AGENT]
        call = await the_call(site)
        assert "offered to s01" in " ".join(site.does("why", call).split())
        site.does("backup", str(tmp_path / "saved"))
    assert process.returncode == 0, site.log.read_text()
    assert "Traceback" not in site.log.read_text()

    site.does("pbx", "down")
    await until(lambda: site.left_running() == [], within_s=10)
    comes_back(site, tmp_path, call)


def comes_back(site: Installation, folder: Path, call: str) -> None:
    """The machine is gone: in an empty folder the backup makes it what it was."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    again = Installation(site.program.parents[1], elsewhere)
    again.does("restore", str(folder / "saved"), at=elsewhere)
    again.does("init", str(elsewhere))
    assert (
        f"WorkingDirectory={elsewhere}\n"
        in (elsewhere / "systemd" / "callengine.service").read_text()
    )
    assert (elsewhere / "dialplan" / "agents.conf.j2").read_text().endswith(PROMPT)
    assert "offered to s01" in " ".join(again.does("why", call).split())
    assert sip_password(site, AGENT) in provisioned(again)


async def the_call(site: Installation) -> str:
    """The id of the only call in the books, when it is there."""
    import sqlite3

    file = site.instance / "var" / "callengine.db"

    def booked() -> list[tuple[str]]:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return database.execute("SELECT call FROM calls").fetchall()

    await until(lambda: len(booked()) == 1, within_s=10)
    return str(booked()[0][0])
