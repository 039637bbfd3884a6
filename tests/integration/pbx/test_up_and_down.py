"""Starting and stopping a real Asterisk, and what can stand in the way."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from callengine.asterisk.pbx import Pbx, PbxError
from callengine.asterisk.pbx_config import PROJECT
from callengine.asterisk.pbx_health import AriProbe, needed_modules
from callengine.asterisk.pbx_ports import Port, is_free
from callengine.asterisk.pbx_process import remembered, wait_for_exit
from tests.support.servers import pbx_config


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Pbx]:
    """An Asterisk of this test alone, down at first."""
    own = Pbx(pbx_config(tmp_path / "home"))
    yield own
    await own.down()


def lives(process: psutil.Process) -> bool:
    """Not ended, whether or not its parent has asked how."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_up_gives_ari_and_every_needed_module(own: Pbx) -> None:
    assert await own.up() is True
    async with AriProbe(own.config) as probe:
        assert await probe.answers()
        modules = await probe.modules()
    needed = needed_modules(own.config)
    assert len(needed) > 80
    assert {modules[name] for name in needed} == {"Running"}


async def test_nothing_but_what_is_named_is_loaded(own: Pbx) -> None:
    await own.up()
    async with AriProbe(own.config) as probe:
        modules = await probe.modules()
    # The others are parts of the program, which ARI lists too.
    loaded = {name for name in modules if name.endswith(".so")}
    assert loaded == set(needed_modules(own.config))


async def test_a_start_logs_no_warning(own: Pbx) -> None:
    await own.up()
    lines = own.config.log_file.read_text().splitlines()
    assert [line for line in lines if "WARNING" in line or "ERROR" in line] == []


async def test_down_leaves_no_process_no_port_and_no_socket(own: Pbx) -> None:
    await own.up()
    running = remembered(own.config)
    assert running is not None
    process = running.process()
    assert process is not None
    family = [process, *process.children(recursive=True)]
    assert "asterisk" in {member.name() for member in family}

    assert await own.down() is True

    assert not [member for member in family if lives(member)]
    assert is_free(Port("", "127.0.0.1", own.config.ari_port))
    assert is_free(Port("", "127.0.0.1", own.config.sip_port, udp=True))
    assert {path.name for path in (own.config.home / "run").iterdir()} == {"lock"}


async def test_up_twice_and_down_twice_say_so(own: Pbx) -> None:
    assert await own.up() is True
    assert await own.up() is False
    assert await own.down() is True
    assert await own.down() is False
    assert (await own.status()).running is False


async def test_interfaces_listen_on_loopback_alone(own: Pbx) -> None:
    await own.up()
    running = remembered(own.config)
    assert running is not None
    process = running.process()
    assert process is not None
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for member in process.children(recursive=True)
        for connection in member.net_connections("tcp")
    }
    config = own.config
    assert listening == {("127.0.0.1", config.ari_port), ("127.0.0.1", config.ami_port)}


async def test_passwords_are_readable_by_their_owner_alone(own: Pbx) -> None:
    await own.up()
    secret = own.config.ari_password
    holders = [
        path
        for path in own.config.home.rglob("*.conf")
        if secret in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert [path.name for path in holders] == ["ari.conf"]
    assert {path.stat().st_mode & 0o077 for path in own.config.etc.rglob("*.conf")} == {
        0
    }


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_taken_port_is_named_with_its_holder(
    own: Pbx, kind: socket.SocketKind
) -> None:
    udp = kind == socket.SOCK_DGRAM
    number = own.config.sip_port if udp else own.config.ari_port
    with socket.socket(socket.AF_INET, kind) as taker:
        taker.bind(("127.0.0.1", number))
        if not udp:
            taker.listen()
        with pytest.raises(PbxError) as caught:
            await own.up()
    text = str(caught.value)
    assert f"port {number} is taken by" in text
    assert f"process {os.getpid()}" in text
    assert ("sip.port" if udp else "ari.port") in text
    assert (await own.status()).running is False


async def test_a_module_that_declines_is_named_with_its_log(tmp_path: Path) -> None:
    extra = tmp_path / "conf"
    extra.mkdir()
    modules = (PROJECT / "asterisk-conf" / "modules.conf").read_text()
    (extra / "modules.conf").write_text(f"{modules}load = res_snmp_of_nobody.so\n")
    config = pbx_config(tmp_path / "home", conf_dirs=(PROJECT / "asterisk-conf", extra))
    with pytest.raises(PbxError) as caught:
        await Pbx(config).up()
    assert "without res_snmp_of_nobody.so" in str(caught.value)
    assert "cannot open shared object file" in str(caught.value)
    assert (await Pbx(config).status()).running is False


async def test_a_broken_asterisk_says_why_it_ended(tmp_path: Path) -> None:
    extra = tmp_path / "conf"
    extra.mkdir()
    # AMI cannot start without these messages, and Asterisk not without AMI.
    (extra / "stasis.conf").write_text(
        "[declined_message_types]\ndecline = ast_mwi_state_type\n"
    )
    config = pbx_config(tmp_path / "home", conf_dirs=(PROJECT / "asterisk-conf", extra))
    with pytest.raises(PbxError, match=r"ended at once(.|\n)*Manager subscription"):
        await Pbx(config).up()


def test_asterisk_dies_with_a_killed_owner(tmp_path: Path) -> None:
    owner = textwrap.dedent("""
        import asyncio, pickle, signal, sys
        from callengine.asterisk.pbx import Pbx
        config = pickle.load(sys.stdin.buffer)
        asyncio.run(Pbx(config).up())
        print("up", flush=True)
        signal.pause()
    """)
    config = pbx_config(tmp_path / "home")
    with subprocess.Popen(
        [sys.executable, "-c", owner],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(config))
        process.stdin.close()
        assert process.stdout.readline() == b"up\n"
        running = remembered(config)
        assert running is not None
        process.send_signal(signal.SIGKILL)
    assert wait_for_exit(running, 10)
    assert remembered(config) is None


async def test_a_detached_asterisk_outlives_its_starter_and_is_found_again(
    tmp_path: Path,
) -> None:
    config = pbx_config(tmp_path / "home")
    assert await Pbx(config).up(detached=True) is True
    another = Pbx(config)
    try:
        assert (await another.status()).ready
        assert "System uptime" in await another.console("core show uptime")
    finally:
        assert await another.down() is True


async def test_reload_reads_the_admins_dialplan_without_a_restart(
    tmp_path: Path,
) -> None:
    dialplan = tmp_path / "dialplan"
    dialplan.mkdir()
    config = pbx_config(
        tmp_path / "home", dialplan_dirs=(PROJECT / "dialplan", dialplan)
    )
    async with Pbx(config) as own:
        (dialplan / "mine.conf").write_text("[mine]\nexten => 100,1,Hangup(17)\n")
        await own.render()
        await own.reload(["dialplan reload"])
        assert "Hangup(17)" in await own.console("dialplan show 100@mine")


async def test_a_console_command_without_asterisk_says_what_to_do(own: Pbx) -> None:
    with pytest.raises(PbxError, match="callengine pbx up"):
        await own.console("core show uptime")
