"""
The picture of the agent page in README.

The test always draws it; `CALLENGINE_PICTURES=docs/img` keeps what was drawn.
"""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from callengine.core.ids import AgentId, CallId
from callengine.testing import scenes

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANNA = AgentId("anna")
CALL = CallId("c1")
TALKED_S = 83.0
LEAST_BYTES = 40_000
"""A page that drew nothing packs far smaller."""


async def test_the_picture_of_readme_can_be_drawn(stage: Any, tmp_path: Path) -> None:
    page, engine = stage.page, stage.engine
    await stage.page.emulate_media(reduced_motion="reduce")
    await stage.enter()
    engine.now = lambda: time.time() - TALKED_S
    engine.offer(ANNA, CALL, scenes.INBOUND)
    engine.advance(ANNA, CALL, "talking")
    await expect(page.locator("#result-order")).to_be_visible()
    await page.keyboard.press("2")
    await page.select_option("#result-order", "o-1")
    await page.fill("#result-note", "Перенести на вечер, позвонить за час.")
    await expect(page.locator(".delivery-body")).to_be_visible()
    await page.get_by_role("button", name="18–22").click()
    await page.locator("#card").focus()

    folder = Path(os.environ.get("CALLENGINE_PICTURES", str(tmp_path)))
    picture = folder / "agent-page.png"
    await page.screenshot(path=picture)

    assert picture.stat().st_size > LEAST_BYTES
