"""A softphone that registers, on SIPp."""

import asyncio
import subprocess
from pathlib import Path

from callengine.asterisk.pbx import Pbx

SCENARIO = Path(__file__).with_name("register.xml")


async def registered(
    pbx: Pbx, folder: Path, login: str, password: str, *, port: int, expires_s: int
) -> None:
    """Register a phone, or take its registration back when `expires_s` is 0."""
    phone = f"[authentication username={login} password={password}]"
    numbers = folder / "numbers.csv"
    numbers.write_text(f"SEQUENTIAL\n{login};{expires_s};{phone}\n")
    where = f"{pbx.config.sip_host}:{pbx.config.sip_port}"
    argv = ["sipp", "-sf", str(SCENARIO), "-inf", str(numbers), "-m", "1", "-nostdin"]
    argv += ["-i", "127.0.0.1", "-p", str(port), where]
    done = await asyncio.to_thread(
        subprocess.run, argv, cwd=folder, capture_output=True, timeout=10, check=False
    )
    assert done.returncode == 0, done.stdout[-1000:]
