"""A shop keeps its list of numbers not to be called by HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

URL = "/api/v1/shops/teplo/do-not-call"
OWNER = {"Authorization": "Bearer teplo-key"}
NUMBER = {"number": "8 (916) 123-45-67", "note": "by mail"}


async def test_a_number_is_added_listed_and_removed(world: Any) -> None:
    added = await world.client.post(URL, json=NUMBER, headers=OWNER)
    assert added.status == 200
    entry = await added.json()
    assert entry["number"] == "+79161234567"
    assert entry["note"] == "by mail"

    listed = await world.client.get(URL, headers=OWNER)
    assert await listed.json() == {"numbers": [entry]}

    place = f"{URL}/{quote('+79161234567')}"
    assert (await world.client.delete(place, headers=OWNER)).status == 200
    assert (await world.client.delete(place, headers=OWNER)).status == 404
    assert await (await world.client.get(URL, headers=OWNER)).json() == {"numbers": []}


async def test_adding_twice_keeps_the_first_note(world: Any) -> None:
    await world.client.post(URL, json=NUMBER, headers=OWNER)
    again = {"number": "+79161234567", "note": "again"}
    response = await world.client.post(URL, json=again, headers=OWNER)

    assert (await response.json())["note"] == "by mail"


@pytest.mark.parametrize(
    "body", [{"number": "12"}, {}, {"number": "+79161234567", "shop": "zatyshok"}]
)
async def test_what_is_no_number_is_refused(world: Any, body: dict[str, str]) -> None:
    response = await world.client.post(URL, json=body, headers=OWNER)

    assert response.status == 422
    assert world.books.do_not_call == {}


async def test_removing_what_is_no_number_finds_nothing(world: Any) -> None:
    response = await world.client.delete(f"{URL}/nonsense", headers=OWNER)

    assert response.status == 404
    assert (await response.json())["error"]["code"] == "unknown_number"


@pytest.mark.parametrize(
    ("key", "status"), [("zatyshok-key", 403), ("nobody", 401), ("", 401)]
)
async def test_only_the_shop_itself_sees_its_list(
    world: Any, key: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    assert (await world.client.get(URL, headers=headers)).status == status
    added = await world.client.post(URL, json=NUMBER, headers=headers)
    assert added.status == status
    gone = await world.client.delete(f"{URL}/+79161234567", headers=headers)
    assert gone.status == status
    assert world.books.do_not_call == {}
