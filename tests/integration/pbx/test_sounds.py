"""The sample greetings in sounds/ reach Asterisk."""

from pathlib import Path

import aiohttp

from callengine.asterisk.pbx import Pbx
from callengine.asterisk.pbx_config import PROJECT
from tests.support.servers import pbx_config
from tests.support.waiting import until

DIALPLAN = """\
[player]
exten => s,1,Answer()
 same => n,Playback(callengine/greeting-ru)
 same => n,Log(NOTICE,own prompts: ${PLAYBACKSTATUS})
[listener]
exten => s,1,Answer()
 same => n,Echo()
"""


async def test_own_prompts_can_be_played(tmp_path: Path) -> None:
    dialplan = tmp_path / "dialplan"
    dialplan.mkdir()
    (dialplan / "player.conf").write_text(DIALPLAN)
    config = pbx_config(
        tmp_path / "home", dialplan_dirs=(PROJECT / "dialplan", dialplan)
    )
    login = aiohttp.encode_basic_auth(config.ari_user, config.ari_password)
    async with (
        Pbx(config),
        aiohttp.ClientSession(headers={"Authorization": login}) as session,
        session.post(
            f"http://127.0.0.1:{config.ari_port}/ari/channels",
            params={
                "endpoint": "Local/s@player",
                "context": "listener",
                "extension": "s",
            },
        ) as response,
    ):
        assert response.status == 200
        await until(lambda: "own prompts:" in config.log_file.read_text(), within_s=30)
        assert "own prompts: SUCCESS" in config.log_file.read_text()
