"""What an agent sees when something is wrong, in a real browser."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import expect

from callengine.core.ids import AgentId, CallId
from callengine.testing import scenes

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANNA = AgentId("anna")
CALL = CallId("c1")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110 - the engine's twin has no events
            await asyncio.sleep(0.01)


async def test_a_lost_connection_is_shown_and_comes_back_by_itself(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await page.fill("#result-note", "пишу дальше")

    await stage.context.set_offline(True)
    stage.hub.cut_off_all()
    await expect(page.locator(".banner.is-bad")).to_be_visible()
    await expect(page.locator(".result .primary")).to_be_disabled()
    stage.engine.advance(ANNA, CALL, "talking")
    await stage.context.set_offline(False)

    await expect(page.locator(".banner.is-bad")).to_be_hidden()
    await expect(page.locator(".strip-state")).to_have_text("Разговор")
    await expect(page.locator("#result-note")).to_have_value("пишу дальше")


async def test_a_gap_in_the_versions_brings_a_new_snapshot(stage: Any) -> None:
    page = stage.page
    await stage.enter()
    # As if a message of a lost version had been shown: the next one does not follow.
    stage.hub._versions[ANNA] += 1

    stage.engine.offer(ANNA, CALL, scenes.INBOUND)

    await expect(page.locator(".card h1")).to_have_text("Ирина Соколова")
    await expect(page.locator(".state")).to_contain_text("Звонок вам")


async def test_a_session_that_ended_leads_back_to_the_log_in(stage: Any) -> None:
    page = stage.page
    await stage.enter()

    await stage.context.clear_cookies()
    stage.hub.cut_off_all()

    await expect(page.locator("#login-error")).to_have_text(
        "Сеанс закончился. Войдите снова."
    )


async def test_a_phone_that_is_not_registered_is_told(stage: Any) -> None:
    page = stage.page
    await stage.enter()

    stage.engine.set_reachable(ANNA, False)
    await expect(page.locator(".banner.is-warning")).to_be_visible()
    stage.engine.set_reachable(ANNA, True)
    await expect(page.locator(".banner.is-warning")).to_be_hidden()
