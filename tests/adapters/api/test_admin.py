"""The admin's questions, the probes, the page and the description."""

from typing import Any

import pytest

from callengine.api.pages import FOLDER
from callengine.api.routes import ROUTES
from callengine.core.ids import CallId, OrderId, ShopId
from callengine.engine.ports import OrderHistory, StoreDown
from callengine.testing.doors import MemoryDoors

ADMIN = {"Authorization": "Bearer admin-token"}


async def test_the_floor_shows_agents_and_orders_in_one_snapshot(world: Any) -> None:
    response = await world.client.get("/api/v1/floor", headers=ADMIN)

    assert response.status == 200
    body = await response.json()
    assert body["agents"] == {"offline": 1}
    assert body["orders"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/floor",
        "/api/v1/trunks",
        "/api/v1/calls/c1/why",
        "/api/v1/orders/o1/why",
    ],
)
@pytest.mark.parametrize("token", ["", "Bearer wrong", "Bearer пароль"])
async def test_only_the_admin_may_ask(world: Any, path: str, token: str) -> None:
    response = await world.client.get(path, headers={"Authorization": token})

    assert response.status == 401


async def test_the_trunks_are_told(world: Any) -> None:
    world.engine.trunks_told = [{"trunk": "north", "calls": 2}]
    response = await world.client.get("/api/v1/trunks", headers=ADMIN)
    assert response.status == 200
    assert await response.json() == {"trunks": [{"trunk": "north", "calls": 2}]}


async def test_why_tells_the_story_of_a_call(world: Any) -> None:
    call = CallId("c1")
    url = "/api/v1/calls/c1/why"
    assert (await world.client.get(url, headers=ADMIN)).status == 404

    story = {"call": "c1", "live": {"state": "talking"}, "history": None}
    world.engine.stories[call] = story
    response = await world.client.get(url, headers=ADMIN)

    assert await response.json() == story


async def test_why_tells_why_an_order_waits(world: Any) -> None:
    url = "/api/v1/orders/o1/why"
    assert (await world.client.get(url, headers=ADMIN)).status == 404

    world.engine.histories["o1"] = OrderHistory(
        order=OrderId("o1"),
        shop=ShopId("teplo"),
        number="T-1",
        stage="new",
        next_try_at=1_800_000_000.0,
        held_rule="hours",
        held_reason="02:00 there",
    )
    body = await (await world.client.get(url, headers=ADMIN)).json()

    assert (body["held_rule"], body["attempts"]) == ("hours", [])


async def test_readiness_names_the_part_that_is_away(world: Any) -> None:
    assert (await world.client.get("/readyz")).status == 200

    world.parts["redis"] = False
    response = await world.client.get("/readyz")

    assert response.status == 503
    assert await response.json() == {
        "ok": False,
        "parts": {"redis": False},
        "details": {"redis": {"ok": False, "since": 5.0, "why": "it does not answer"}},
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_are_for_this_machine_only(world: Any, path: str) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9"}

    assert (await world.client.get(path)).status == 200
    assert (await world.client.get(path, headers=forwarded)).status == 403


async def test_metrics_name_routes_and_never_raw_paths(world: Any) -> None:
    await world.client.get("/api/v1/shops/teplo/orders/Private-1")
    await world.client.get("/no/such/Private-2")

    text = await (await world.client.get("/metrics")).text()

    assert 'route="/api/v1/shops/{shop}/orders/{number}",status="401"' in text
    assert 'status="404"' in text
    assert "Private" not in text


async def test_every_route_is_described(world: Any) -> None:
    document = await (await world.client.get("/openapi.json")).json()

    served = {
        (route.method, route.resource.canonical)
        for route in world.client.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert served == described
    assert described == {(route.method, route.path) for route in ROUTES}


async def test_every_reference_in_the_description_exists(world: Any) -> None:
    document = await (await world.client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]

    def check(node: Any) -> int:
        if isinstance(node, list):
            return sum(map(check, node))
        if not isinstance(node, dict):
            return 0
        found = 0
        if isinstance(ref := node.get("$ref"), str):
            assert ref.rpartition("/")[2] in schemas
            found = 1
        return found + sum(map(check, node.values()))

    ids = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))
    assert check(document) > 20
    assert {"OrderIn", "SaveDisposition", "Webhook", "ErrorOut"} <= schemas.keys()
    assert set(document["webhooks"]) >= {"order.confirmed", "delivery.agreed"}


async def test_errors_of_the_framework_have_our_shape(world: Any) -> None:
    missing = await world.client.get("/nothing/here")
    wrong_method = await world.client.delete("/api/v1/login")

    assert (await missing.json())["error"]["code"] == "not_found"
    assert wrong_method.status == 405
    assert "POST" in wrong_method.headers["Allow"]
    assert (await wrong_method.json())["error"]["code"] == "method_not_allowed"


async def test_a_failure_inside_tells_nothing_outside(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(self: object, key: str) -> None:
        raise RuntimeError("the database password is hunter2")

    monkeypatch.setattr(MemoryDoors, "shop_for_key", break_down)
    headers = {"Authorization": "Bearer teplo-key"}

    response = await world.client.get("/api/v1/shops/teplo/orders/1", headers=headers)

    assert response.status == 500
    assert "hunter2" not in await response.text()


async def test_a_part_that_is_away_asks_to_try_again(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: object, key: str) -> None:
        raise StoreDown("no route to the database")

    monkeypatch.setattr(MemoryDoors, "shop_for_key", away)
    headers = {"Authorization": "Bearer teplo-key"}

    response = await world.client.get("/api/v1/shops/teplo/orders/1", headers=headers)

    assert response.status == 503
    assert response.headers["Retry-After"]
    assert (await response.json())["error"]["code"] == "try_again"


async def test_the_page_may_run_nothing_but_its_own_files(world: Any) -> None:
    response = await world.client.get("/desktop")

    assert response.status == 200
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "style=" not in page
    assert " onclick" not in page


async def test_the_bare_address_leads_to_the_page(world: Any) -> None:
    response = await world.client.get("/", allow_redirects=False)

    assert response.headers["Location"] == "/desktop"


async def test_the_pages_folder_cannot_be_left(world: Any) -> None:
    for path in ("/desktop/../api/app.py", "/desktop/%2e%2e/api/app.py"):
        response = await world.client.get(path)
        assert response.status in {403, 404}, path
