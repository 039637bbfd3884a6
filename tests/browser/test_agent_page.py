"""What an agent sees and does, in a real browser."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import expect

from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, CallId, OrderId
from callengine.engine.ports import DispositionRefused
from callengine.testing import scenes

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANNA = AgentId("anna")
CALL = CallId("c1")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110 - the engine's twin has no events
            await asyncio.sleep(0.01)


async def test_a_wrong_password_is_told_and_the_right_one_opens_the_desk(
    stage: Any,
) -> None:
    page = stage.page
    await page.goto(stage.url)
    await page.fill("#login-login", "anna")
    await page.fill("#login-password", "guess")
    await page.keyboard.press("Enter")
    await expect(page.locator("#login-error")).to_have_text(
        "Неверный логин или пароль."
    )

    await page.fill("#login-password", "secret")
    await page.keyboard.press("Enter")

    await expect(page.locator(".bar")).to_contain_text("Анна Кравец")
    await expect(page.locator(".idle h1")).to_have_text("Вы на паузе")


async def test_the_session_outlives_a_reload_but_not_a_log_out(stage: Any) -> None:
    page = stage.page
    await stage.enter()
    await page.reload()
    await expect(page.locator(".bar")).to_contain_text("Анна Кравец")

    await page.get_by_role("button", name="Выйти").click()

    await expect(page.locator(".login")).to_be_visible()
    assert stage.engine.agent_view(ANNA).state == "offline"
    await page.reload()
    await expect(page.locator(".login")).to_be_visible()


async def test_ready_and_pause_work_by_mouse_and_by_keys_of_any_layout(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    state = page.locator(".state")

    await page.locator(".bar").get_by_role("button", name="Готов").click()
    await expect(state).to_contain_text("Готов")
    await page.keyboard.press("p")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(state).to_contain_text("Обед")
    # On a Russian layout the key R types another letter; its place is the same.
    await page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {code: 'KeyR', key: 'к', bubbles: true}))"
    )
    await expect(state).to_contain_text("Готов")
    await page.keyboard.press("p")
    await page.keyboard.press("3")
    await expect(state).to_contain_text("Обучение")


async def test_a_card_opens_with_the_call_and_fills_in_when_the_customer_is_found(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()

    stage.engine.offer(ANNA, CALL, scenes.PENDING)
    card = page.locator(".card")
    await expect(card.locator("h1")).to_have_text("+7 916 123-45-67")
    await expect(card).to_contain_text("Ищем клиента")
    stage.engine.complete(ANNA, CALL, scenes.INBOUND)
    stage.engine.advance(ANNA, CALL, "ringing")

    await expect(card.locator("h1")).to_have_text("Ирина Соколова")
    await expect(card.locator(".strip")).to_contain_text("Звонит ваш телефон")
    await expect(card.locator(".strip")).to_contain_text("+7 495 000-00-01")
    await expect(card.locator(".say")).to_contain_text("«Тепло», здравствуйте")
    await expect(card.locator(".order").first).to_contain_text("T-10472")
    total = await card.locator(".order-total").first.inner_text()
    assert total.replace("\u00a0", " ").replace("\u202f", " ") == "11 340 ₽"
    await expect(card.locator(".contacts li").first).to_contain_text("домофон")


async def test_the_card_is_there_soon_after_the_engine_shows_it(stage: Any) -> None:
    await stage.enter()
    loop = asyncio.get_running_loop()
    took_s = []

    for number in range(3):
        begun = loop.time()
        stage.engine.offer(ANNA, CallId(f"c{number}"), scenes.INBOUND)
        await stage.page.wait_for_selector(".card h1")
        took_s.append(loop.time() - begun)
        stage.engine.retract(ANNA, CallId(f"c{number}"), "done")
        await stage.page.wait_for_selector(".idle:not([hidden])")

    # The best of three: the machine that runs the tests may be busy with others.
    assert min(took_s) < 1.0


async def test_several_matches_are_offered_and_never_guessed(stage: Any) -> None:
    page = stage.page
    await stage.enter()

    stage.engine.offer(ANNA, CALL, scenes.SEVERAL)

    await expect(page.locator(".card h1")).to_have_text("+7 916 123-45-67")
    choices = page.locator(".candidates button")
    await expect(choices).to_have_count(2)
    await expect(page.locator(".candidates .is-chosen")).to_have_count(0)
    await choices.nth(1).click()
    await expect(page.locator(".is-chosen")).to_contain_text("Пётр Соколов")


@pytest.mark.parametrize(
    ("card", "text"),
    [(scenes.UNKNOWN, "Новый клиент"), (scenes.WITHHELD, "Номер скрыт")],
)
async def test_an_unknown_caller_is_still_a_caller(
    stage: Any, card: Any, text: str
) -> None:
    await stage.enter()

    stage.engine.offer(ANNA, CALL, card)

    await expect(stage.page.locator(".customer")).to_contain_text(text)
    await expect(stage.page.locator(".result")).to_be_visible()


async def test_an_order_is_confirmed_with_its_delivery_by_keyboard_alone(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.OUTBOUND)
    stage.engine.advance(ANNA, CALL, "talking")
    await expect(page.locator(".say")).to_contain_text("Добрий день, Оксана Коваленко")

    await page.keyboard.press("1")
    await page.keyboard.press("d")
    await page.keyboard.type("Київ, вул. Хрещатик, 1")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="завтра").press("Enter")
    await page.get_by_role("button", name="14–18").press("Space")
    await page.keyboard.press("n")
    await page.keyboard.type("1234 дзвонити в домофон")
    await page.keyboard.press("Control+Enter")

    await until(lambda: bool(stage.engine.saved))
    [form] = stage.engine.saved
    assert form.disposition is Disposition.CONFIRMED
    assert form.order == OrderId("o-3")
    assert form.note == "1234 дзвонити в домофон"
    assert form.delivery is not None
    assert form.delivery.address == "Київ, вул. Хрещатик, 1"
    assert (form.delivery.time_from, form.delivery.time_to) == ("14:00", "18:00")
    assert form.finish
    await expect(page.locator(".saved")).to_contain_text("Сохранено")


async def test_a_form_with_errors_is_not_sent_and_shows_them_in_place(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await page.wait_for_selector(".result")

    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#error-disposition")).to_have_text(
        "Выберите, чем закончился звонок."
    )
    await page.keyboard.press("2")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#error-order")).to_have_text("Выберите заказ.")
    await page.select_option("#result-order", "o-2")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[id='error-delivery.address']")).not_to_be_empty()
    await expect(page.locator("#delivery-address")).to_be_focused()
    await page.fill("#delivery-address", "Москва")
    await expect(page.locator("[id='error-delivery.address']")).to_be_empty()
    await page.fill("#delivery-date", "2020-01-01")
    await page.select_option("#delivery-from", "18:00")
    await page.select_option("#delivery-to", "10:00")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[id='error-delivery.date']")).to_have_text(
        "Этот день уже прошёл."
    )
    await expect(page.locator("[id='error-delivery.time_to']")).not_to_be_empty()
    assert stage.engine.saved == []


async def test_a_refusal_of_the_engine_is_shown_and_nothing_typed_is_lost(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await page.wait_for_selector(".result")
    stage.engine.refusal = DispositionRefused("The order is on its way already.")

    await page.keyboard.press("6")
    await page.fill("#result-note", "жалуется на курьера")
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(".form-error")).to_contain_text("on its way already")
    await expect(page.locator("#result-note")).to_have_value("жалуется на курьера")
    await page.keyboard.press("Control+Enter")
    await until(lambda: bool(stage.engine.saved))


async def test_wrap_up_counts_down_and_ends_with_the_disposition(stage: Any) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    stage.engine.advance(ANNA, CALL, "wrap_up")

    timer = page.locator(".strip .timer")
    await expect(timer).to_contain_text("осталось 0:2")
    await page.keyboard.press("5")
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(".idle")).to_be_visible()
    await expect(page.locator(".card")).to_be_hidden()


async def test_a_call_not_answered_goes_away_and_says_why(stage: Any) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await page.wait_for_selector(".card h1")

    stage.engine.retract(ANNA, CALL, "rona")

    await expect(page.locator(".idle")).to_contain_text("не ответили вовремя")
    await expect(page.locator(".state")).to_contain_text("не ответили")


async def test_what_is_typed_survives_changes_of_the_card_and_a_reload(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.PENDING)
    await page.fill("#result-note", "первая мысль")

    stage.engine.complete(ANNA, CALL, scenes.INBOUND)
    await expect(page.locator(".card h1")).to_have_text("Ирина Соколова")
    await expect(page.locator("#result-note")).to_be_focused()
    await page.keyboard.type(", вторая")
    await page.reload()

    await expect(page.locator("#result-note")).to_have_value("первая мысль, вторая")


async def test_the_title_tells_a_new_call_and_calms_down(stage: Any) -> None:
    page = stage.page
    await stage.enter()

    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await expect(page).to_have_title(re.compile("^☎.*Ирина Соколова"))
    stage.engine.advance(ANNA, CALL, "talking")

    await expect(page).to_have_title(re.compile("^Разговор"))


async def test_the_interface_changes_its_language_in_the_middle_of_a_call(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await page.fill("#result-note", "сохранится")

    await page.locator(".language select").select_option("uk")

    await expect(page.locator(".strip-state")).to_have_text("Новий дзвінок")
    await expect(page.locator("#result-note")).to_have_value("сохранится")
    assert await page.get_attribute("html", "lang") == "uk"
    await page.reload()
    await expect(page.locator(".strip-state")).to_have_text("Новий дзвінок")


async def test_text_of_customers_and_shops_is_never_run(stage: Any) -> None:
    page = stage.page
    await stage.enter()
    evil = "<img src=x onerror=\"document.title='owned'\"><b>x</b>"
    customer = replace(scenes.IRINA, name=evil, segment=evil, region=evil)
    order = replace(scenes.LAMP_ORDER, number=evil, stage=evil, currency=evil)
    card = replace(
        scenes.INBOUND,
        shop_name=evil,
        customers=(customer,),
        orders=(order,),
        greeting=evil,
    )

    stage.engine.offer(ANNA, CALL, card)

    await expect(page.locator(".card h1")).to_have_text(evil)
    await expect(page.locator(".card img, .card b")).to_have_count(0)
    assert await page.title() != "owned"


async def test_two_calls_stand_side_by_side_and_keep_their_drafts(stage: Any) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.INBOUND)
    await page.fill("#result-note", "о первом")

    stage.engine.offer(ANNA, CallId("c2"), scenes.OUTBOUND)

    tabs = page.locator(".tab")
    await expect(tabs).to_have_count(2)
    await expect(page.locator(".card h1")).to_have_text("Оксана Коваленко")
    await expect(page.locator("#result-note")).to_have_value("")
    await tabs.nth(0).click()
    await expect(page.locator("#result-note")).to_have_value("о первом")


async def test_every_control_has_a_name_and_every_language_all_texts(
    stage: Any,
) -> None:
    page = stage.page
    await stage.enter()
    stage.engine.offer(ANNA, CALL, scenes.OUTBOUND)
    await page.wait_for_selector(".result")
    await page.keyboard.press("1")

    nameless = await page.evaluate(
        """[...document.querySelectorAll('button, input, select, textarea')]
           .filter((e) => !e.labels?.length && !e.ariaLabel && !e.innerText.trim())
           .map((e) => e.outerHTML)"""
    )
    missing = await page.evaluate(
        "import('/desktop/js/i18n/index.js').then((m) => m.differences())"
    )

    assert nameless == []
    assert missing == {"ru": [], "uk": [], "en": []}
