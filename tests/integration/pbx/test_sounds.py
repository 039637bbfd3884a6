"""Prompts reach Asterisk: those of the package, and an admin's own."""

import shutil
from pathlib import Path
from typing import Any

import aiohttp

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.pbx_config import PbxConfig
from callengine.asterisk.pbx_files import Places, render
from callengine.shipped import shipped
from tests.support.servers import pbx_config
from tests.support.waiting import until

DIALPLAN = """\
[player]
exten => _[a-z].,1,Answer()
 same => n,Playback(callengine/${EXTEN})
 same => n,Log(NOTICE,prompt ${EXTEN}: ${PLAYBACKSTATUS})
[listener]
exten => s,1,Answer()
 same => n,Echo()
"""


def configured(folder: Path, **changes: Any) -> PbxConfig:
    """An Asterisk with a place to play prompts."""
    dialplan = folder / "dialplan"
    dialplan.mkdir()
    (dialplan / "player.conf").write_text(DIALPLAN)
    folders = (shipped("dialplan"), dialplan)
    return pbx_config(folder / "home", dialplan_dirs=folders, **changes)


async def plays(pbx: Pbx, prompt: str) -> bool:
    """Play one and say whether it could be."""
    config = pbx.config

    def told() -> list[str]:
        lines = config.log_file.read_text().splitlines()
        return [line for line in lines if f"prompt {prompt}:" in line]

    before = len(told())
    login = aiohttp.encode_basic_auth(config.ari_user, config.ari_password)
    async with (
        aiohttp.ClientSession(headers={"Authorization": login}) as session,
        session.post(
            f"http://127.0.0.1:{config.ari_port}/ari/channels",
            params={
                "endpoint": f"Local/{prompt}@player",
                "context": "listener",
                "extension": "s",
            },
        ) as response,
    ):
        assert response.status == 200
        await until(lambda: len(told()) > before, within_s=30)
    return told()[-1].endswith("SUCCESS")


async def test_own_prompts_are_played_beside_the_packages(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    sample = shipped("sounds") / "greeting-en.alaw"
    shutil.copy(sample, own / "welcome.alaw")
    async with Pbx(configured(tmp_path, sounds_dirs=(shipped("sounds"), own))) as pbx:
        assert await plays(pbx, "greeting-ru")
        assert await plays(pbx, "welcome")
        assert not await plays(pbx, "goodbye")
        shutil.copy(sample, own / "goodbye.alaw")
        await pbx.render()
        assert await plays(pbx, "goodbye")


async def test_prompts_outlive_a_reload(tmp_path: Path) -> None:
    async with Pbx(configured(tmp_path)) as pbx:
        await pbx.render()
        await pbx.reload()
        assert await plays(pbx, "greeting-ru")


def test_an_own_prompt_takes_the_place_of_the_packages(tmp_path: Path) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    own.mkdir()
    shared.mkdir()
    (own / "greeting-ru.alaw").write_bytes(b"own")
    config = configured(tmp_path, sounds_dirs=(shipped("sounds"), own))
    prompts = config.home / "data" / "sounds" / "callengine"
    for _again in range(2):
        render(config, Places(home=config.home, shared=shared))
        assert (prompts / "greeting-ru.alaw").read_bytes() == b"own"
        assert (prompts / "greeting-uk.alaw").stat().st_size > 1000
