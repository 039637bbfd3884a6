"""The part of the route table that is about outgoing messages."""

from callengine.api import deliveries
from callengine.api.openapi import Route
from callengine.api.replies import Nothing

_SHOP = "/api/v1/shops/{shop}"
_ERRORS = (401, 403, 404)

DELIVERY_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{_SHOP}/deliveries",
        handler=deliveries.list_deliveries,
        summary="List the messages sent to the shop's receivers, newest first",
        who="shop",
        query=("state", "receiver", "order", "limit", "before"),
        replies={200: deliveries.DeliveryList},
        errors=(*_ERRORS, 422),
    ),
    Route(
        method="GET",
        path=f"{_SHOP}/deliveries/{{message}}",
        handler=deliveries.show_delivery,
        summary="Show a message with its body and what the receiver answered",
        who="shop",
        replies={200: deliveries.DeliveryWithAnswers},
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=f"{_SHOP}/deliveries/{{message}}/replay",
        handler=deliveries.replay,
        summary="Send a message again, with the same id, body and sequence",
        who="shop",
        replies={200: Nothing},
        errors=_ERRORS,
    ),
    Route(
        method="GET",
        path=f"{_SHOP}/receivers",
        handler=deliveries.list_receivers,
        summary="Show the shop's receivers: open, failing or stopped",
        who="shop",
        replies={200: deliveries.ReceiverList},
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=f"{_SHOP}/receivers/{{receiver}}/resume",
        handler=deliveries.resume,
        summary="Open a paused receiver and send what was kept for it",
        who="shop",
        replies={200: deliveries.Resumed},
        errors=_ERRORS,
    ),
    Route(
        method="POST",
        path=f"{_SHOP}/receivers/{{receiver}}/test",
        handler=deliveries.send_test,
        summary="Send a test message, to a paused receiver too",
        who="shop",
        replies={202: deliveries.TestSent},
        errors=(*_ERRORS, 409),
    ),
)
