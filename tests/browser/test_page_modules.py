"""Pure modules of the page, run where they live: in the browser."""

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def call(modules: Any, module: str, expression: str) -> Any:
    """Evaluate an expression with the module as `m`."""
    script = f"import('/desktop/js/{module}.js').then((m) => ({expression}))"
    return await modules.evaluate(script)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+79161234567", "+7 916 123-45-67"),
        ("+380671234567", "+380 67 123-45-67"),
        ("+4930123456", "+493 012 345 6"),
        ("112", "112"),
        (None, ""),
    ],
)
async def test_phones_are_grouped(modules: Any, number: str | None, shown: str) -> None:
    argument = "null" if number is None else f"'{number}'"

    assert await call(modules, "format", f"m.phone({argument})") == shown


@pytest.mark.parametrize(
    ("minor", "currency", "language", "shown"),
    [
        (1134000, "RUB", "ru", "11 340 ₽"),
        (215050, "RUB", "ru", "2 150,50 ₽"),
        (5000, "JPY", "en", "¥5,000"),
        (100, "nonsense", "en", "1 nonsense"),
    ],
)
async def test_money_is_minor_units(
    modules: Any, minor: int, currency: str, language: str, shown: str
) -> None:
    text = await call(
        modules, "format", f"m.money({minor}, '{currency}', '{language}')"
    )

    assert text.replace("\u00a0", " ").replace("\u202f", " ") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (-5, "0:00"), (83.9, "1:23"), (3605, "1:00:05")]
)
async def test_timers_read_as_clocks(modules: Any, seconds: float, shown: str) -> None:
    assert await call(modules, "format", f"m.clock({seconds})") == shown


@pytest.mark.parametrize(
    ("count", "language", "text"),
    [
        (1, "ru", "1 товар"),
        (3, "ru", "3 товара"),
        (11, "ru", "11 товаров"),
        (22, "uk", "22 товари"),
        (1, "en", "1 item"),
        (5, "en", "5 items"),
    ],
)
async def test_plurals_follow_the_language(
    modules: Any, count: int, language: str, text: str
) -> None:
    expression = (
        f"(m.setLanguage('{language}'), m.t('order.items', {{count: {count}}}))"
    )

    assert await call(modules, "i18n/index", expression) == text


async def test_the_browsers_languages_choose_ours(modules: Any) -> None:
    wanted = "[m.choose(null, ['de', 'uk-UA', 'ru']), m.choose('en', ['ru']),"
    wanted += " m.choose('xx', ['de'])]"

    assert await call(modules, "i18n/index", wanted) == ["uk", "en", "en"]


async def test_pauses_before_coming_back_grow_and_stay_bounded(modules: Any) -> None:
    pauses = await call(
        modules, "socket", "[0, 1, 2, 30].map((tries) => m.pauseMs(tries, 0.5))"
    )

    assert pauses == [400, 800, 1600, 8000]


async def test_an_unknown_message_changes_nothing(modules: Any) -> None:
    is_same = "m.reduce(m.EMPTY, {type: 'news'}, 0) === m.EMPTY"

    assert await call(modules, "state", is_same)


async def test_a_closed_card_that_was_never_open_changes_nothing(modules: Any) -> None:
    message = "{type: 'card_closed', call: 'c9', reason: 'rona'}"

    assert await call(modules, "state", f"m.reduce(m.EMPTY, {message}, 0) === m.EMPTY")


async def test_delivery_is_sent_only_where_it_is_agreed(modules: Any) -> None:
    draft = """{disposition: 'cancelled', note: ' x ', wantsDelivery: true,
               delivery: {method: 'post', address: 'A', date: '2030-01-01',
                          time_from: '', time_to: ''}}"""

    command = await call(modules, "check", f"m.toCommand('c1', {draft}, 'o1', false)")

    assert command["delivery"] is None
    assert command["note"] == "x"
    assert command["finish"] is False
