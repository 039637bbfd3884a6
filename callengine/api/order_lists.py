"""Orders by the dozen: lists and batches, as shops send and see them."""

import base64
import binascii
import math
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from callengine.api.errors import ApiError
from callengine.api.order_models import utc
from callengine.api.replies import ErrorDetail
from callengine.api.texts import Strict
from callengine.core.ids import Instant, OrderId
from callengine.engine.order_changes import OrderLine
from callengine.engine.orders import Stage

MAX_BATCH = 100
MAX_BATCH_BYTES = 2 * 1024 * 1024
MAX_PAGE = 500
MAX_CURSOR_CHARS = 200


class OrderListQuery(Strict):
    """
    Which orders to list, the latest received first.

    `stage` may be several with commas between; `after` is `next` of the page before.
    """

    stage: Annotated[str, Field(max_length=200)] = ""
    phone: Annotated[str, Field(max_length=64)] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 100
    after: Annotated[str, Field(max_length=MAX_CURSOR_CHARS)] = ""

    def stages(self) -> tuple[str, ...]:
        """Read the stages. Raises `ApiError` 422."""
        wanted = tuple(filter(None, (word.strip() for word in self.stage.split(","))))
        unknown = [word for word in wanted if word not in set(Stage)]
        if unknown:
            known = ", ".join(stage.value for stage in Stage)
            message = f"There is no stage {unknown[0]}; stages: {known}."
            raise ApiError(422, "invalid", message, field="stage")
        return wanted


class OrderLineOut(BaseModel):
    """An order of a list; all of it is at its own address."""

    order: str
    number: str
    stage: str
    name: str
    phone: str
    total_minor: int
    currency: str
    placed_at: datetime
    received_at: datetime
    next_try_at: datetime | None
    tries: int
    disposition: str
    withdrawn_at: datetime | None


class OrderListOut(BaseModel):
    """A page; `next` goes into `after`, null on the last page."""

    orders: list[OrderLineOut]
    next: str | None


class OrderBatchIn(Strict):
    """Orders as for one each; every one is taken or refused by itself."""

    orders: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_BATCH)


class OrderResultOut(BaseModel):
    """
    What came of one order of a batch.

    `status` is what it would have been answered alone: 201, 200, 409 or 422.
    """

    number: str
    status: int
    error: ErrorDetail | None


class OrderBatchOut(BaseModel):
    """One result for each order, in their order."""

    results: list[OrderResultOut]


def line_out(line: OrderLine) -> dict[str, Any]:
    """Lay an order of a list out as `OrderLineOut`."""
    return {
        "order": line.order,
        "number": line.number,
        "stage": line.stage,
        "name": line.name,
        "phone": line.phone,
        "total_minor": line.total_minor,
        "currency": line.currency,
        "placed_at": utc(line.placed_at),
        "received_at": utc(line.received_at),
        "next_try_at": utc(line.next_try_at),
        "tries": line.tries,
        "disposition": line.disposition,
        "withdrawn_at": utc(line.withdrawn_at),
    }


def cursor_of(line: OrderLine) -> str:
    """Write where a page ended."""
    text = f"{line.received_at!r} {line.order}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[Instant, OrderId] | None:
    """Read where a page ended; None at the beginning. Raises `ApiError` 422."""
    if not text:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        at, _, order = base64.urlsafe_b64decode(padded).decode().partition(" ")
        instant = float(at)
    except (ValueError, binascii.Error):
        instant, order = math.nan, ""
    if not order or not math.isfinite(instant):
        message = "after is next of the page before, as it was given."
        raise ApiError(422, "invalid", message, field="after")
    return instant, OrderId(order)
