"""The routes of orders."""

from callengine.api import order_changes, orders
from callengine.api.openapi import Route
from callengine.api.order_lists import (
    OrderBatchIn,
    OrderBatchOut,
    OrderListOut,
    OrderListQuery,
)
from callengine.api.order_models import OrderIn, OrderOut

SHOP_ERRORS = (401, 403, 404)
_BODY_ERRORS = (400, 408, 413, 415, 422)
_ORDERS = "/api/v1/shops/{shop}/orders"

ORDER_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=_ORDERS,
        handler=orders.take_order,
        summary="Take an order; the same number and content again is harmless",
        who="shop",
        body=OrderIn,
        replies={201: OrderOut, 200: OrderOut},
        errors=(*SHOP_ERRORS, 409, *_BODY_ERRORS),
    ),
    Route(
        method="GET",
        path=_ORDERS,
        handler=order_changes.list_orders,
        summary="List orders by page, the latest received first",
        who="shop",
        filters=OrderListQuery,
        replies={200: OrderListOut},
        errors=(*SHOP_ERRORS, 422),
    ),
    Route(
        method="POST",
        path=f"{_ORDERS}/batch",
        handler=order_changes.take_batch,
        summary="Take up to 100 orders, each by itself",
        who="shop",
        body=OrderBatchIn,
        replies={200: OrderBatchOut},
        errors=(*SHOP_ERRORS, *_BODY_ERRORS),
    ),
    Route(
        method="GET",
        path=f"{_ORDERS}/{{number}}",
        handler=orders.show_order,
        summary="Show an order: stage, attempts, delivery",
        who="shop",
        replies={200: OrderOut},
        errors=SHOP_ERRORS,
    ),
    Route(
        method="PUT",
        path=f"{_ORDERS}/{{number}}",
        handler=order_changes.replace_order,
        summary="Replace an order that is not settled and whose customer is in no call",
        who="shop",
        body=OrderIn,
        replies={201: OrderOut, 200: OrderOut},
        errors=(*SHOP_ERRORS, 409, *_BODY_ERRORS),
    ),
    Route(
        method="DELETE",
        path=f"{_ORDERS}/{{number}}",
        handler=order_changes.withdraw_order,
        summary="Withdraw an order: 202 while its customer is in a call",
        who="shop",
        replies={200: OrderOut, 202: OrderOut},
        errors=(*SHOP_ERRORS, 409),
    ),
)
