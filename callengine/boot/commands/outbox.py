"""`callengine outbox`: what was sent to shops and couriers, and what they answered."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.ids import id_maker
from callengine.boot.log_safety import one_line
from callengine.core.ids import MessageId, ShopId
from callengine.engine.deliveries import (
    RECEIVERS,
    CannotTest,
    Deliveries,
    DeliveryFilter,
    DeliveryView,
    MessageState,
    ReceiverView,
)
from callengine.engine.ports import StoreDown, UnknownShop
from callengine.store import Database, Store
from callengine.store import migrate as migrations

T = TypeVar("T")
MOST = 500

outbox = typer.Typer(add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead.")]
Shop = Annotated[str, typer.Option(help="Slug of a shop.")]
Receiver = Annotated[str, typer.Option(help="shop or logistics.")]
ShopArgument = Annotated[str, typer.Argument(metavar="SHOP", help="Slug of the shop.")]
ReceiverArgument = Annotated[
    str, typer.Argument(metavar="RECEIVER", help="shop or logistics.")
]
STATES = ", ".join(MessageState)


@outbox.callback()
def _outbox() -> None:
    """Messages to shops and couriers: what was sent, and what they answered."""


@outbox.command("list")
def list_(
    context: typer.Context,
    shop: Shop = "",
    receiver: Receiver = "",
    state: Annotated[str, typer.Option(help=f"One of {STATES}.")] = "",
    order: Annotated[str, typer.Option(help="The shop's number of the order.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """
    Show messages, newest first, and receivers that do not take any.

    Exit code 0, whatever stands in the list.
    """
    wanted = DeliveryFilter(
        shop=ShopId(shop) if shop else None,
        receiver=_one_of(receiver, "receiver", RECEIVERS),
        state=_one_of(state, "state", tuple(MessageState)),
        order=order,
        limit=limit,
    )

    async def work(
        seen: Deliveries,
    ) -> tuple[tuple[DeliveryView, ...], tuple[ReceiverView, ...]]:
        return await seen.listed(wanted), await seen.receivers(wanted.shop)

    views, receivers = _run(context, work)
    paused = [view for view in receivers if view.state != "open"]
    if as_json:
        told = {
            "messages": [_as_json(view) for view in views],
            "paused": [_receiver_json(view) for view in paused],
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    _print_list(views)
    for view in paused:
        said = (
            f"{view.shop} {view.receiver} is {view.state} since {_time(view.since_at)}"
        )
        again = f"next probe {_time(view.probe_at)}; {view.waiting} messages are kept"
        typer.echo(one_line(f"{said}: {view.reason}; {again}"), err=True)


@outbox.command()
def show(
    context: typer.Context,
    message: Annotated[str, typer.Argument(help="Id of a message.")],
    as_json: AsJson = False,
) -> None:
    """Show one message: its body, each try and what was answered."""
    view = _run(context, lambda seen: seen.shown(MessageId(message)))
    if view is None:
        raise CommandFailed(f"there is no message {message!r}")
    if as_json:
        answers = [
            {"at": _time(a.at), "status": a.status, "text": a.text, "took_s": a.took_s}
            for a in view.answers
        ]
        told = _as_json(view) | {"body": json.loads(view.body), "answers": answers}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in _as_json(view).items():
        typer.echo(one_line(f"{name:<13} {'' if value is None else value}").rstrip())
    for answer in view.answers:
        status = f"HTTP {answer.status}" if answer.status else "no answer"
        said = f"{_time(answer.at)}  {status}  {answer.took_s:.3f} s  {answer.text}"
        typer.echo(one_line(said).rstrip())
    typer.echo(json.dumps(json.loads(view.body), ensure_ascii=False, indent=2))


@outbox.command()
def replay(
    context: typer.Context,
    messages: Annotated[list[str], typer.Argument(help="Ids of messages.")],
) -> None:
    """
    Send messages again, with the same id, body and sequence.

    Exit code 1 if one of them is unknown.
    """

    async def work(seen: Deliveries) -> list[tuple[str, bool]]:
        now = time.time()
        return [(one, await seen.replay(MessageId(one), now)) for one in messages]

    done = _run(context, work)
    for one, known in done:
        said = "is sent again" if known else "is unknown"
        typer.echo(f"{one_line(one)} {said}", err=not known)
    if not all(known for _, known in done):
        raise typer.Exit(1)


@outbox.command()
def resume(
    context: typer.Context, shop: ShopArgument, receiver: ReceiverArgument
) -> None:
    """Open a receiver that is failing or stopped, and send what was kept for it."""
    _one_of(receiver, "receiver", RECEIVERS)

    async def work(seen: Deliveries) -> int:
        await _check_shop(seen, shop)
        return await seen.resume(ShopId(shop), receiver, time.time())

    waiting = _run(context, work)
    typer.echo(f"{shop} {receiver} is open; {waiting} messages are sent now")


@outbox.command()
def test(
    context: typer.Context, shop: ShopArgument, receiver: ReceiverArgument
) -> None:
    """Send a test message to a receiver, open or not."""
    _one_of(receiver, "receiver", RECEIVERS)

    async def work(seen: Deliveries) -> MessageId:
        await _check_shop(seen, shop)
        return await seen.send_test(ShopId(shop), receiver, time.time())

    message = _run(context, work)
    typer.echo(f"{message} is sent; see `callengine outbox show {message}`")


@outbox.command()
def receivers(context: typer.Context, shop: Shop = "", as_json: AsJson = False) -> None:
    """Show receivers; exit code 1 if one of them is failing or stopped."""
    views = _run(context, lambda seen: seen.receivers(ShopId(shop) if shop else None))
    if as_json:
        told = {"receivers": [_receiver_json(view) for view in views]}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        table = Table("shop", "receiver", "state", "kept", "since", "next probe", "why")
        for view in views:
            state = view.state if view.url else "not named"
            times = (_time(view.since_at), _time(view.probe_at))
            cells = (view.shop, view.receiver, state, str(view.waiting), *times)
            table.add_row(*(Text(one_line(c or "")) for c in (*cells, view.reason)))
        Console(file=sys.stdout).print(table)
    if any(view.state != "open" for view in views):
        raise typer.Exit(1)


async def _check_shop(seen: Deliveries, shop: str) -> None:
    if not await seen.receivers(ShopId(shop)):
        raise UnknownShop(f"there is no shop {shop!r}")


def _one_of(value: str, name: str, known: tuple[str, ...]) -> str:
    if value and value not in known:
        raise CommandFailed(f"{name} is one of {', '.join(known)}, not {value!r}", 2)
    return value


def _print_list(views: tuple[DeliveryView, ...]) -> None:
    heads = ("made", "shop", "receiver", "order", "seq", "type", "state", "tries")
    table = Table(*heads, "next try", "message")
    for view in views:
        state = "held" if view.held else view.state
        row = (
            _time(view.created_at) or "",
            view.shop,
            view.receiver,
            view.order,
            str(view.sequence),
            view.type,
            state,
            str(view.tries),
            _time(view.next_try_at) or "",
            view.message,
        )
        table.add_row(*(Text(one_line(cell)) for cell in row))
    Console(file=sys.stdout).print(table)


def _time(at: float | None) -> str | None:
    if at is None:
        return None
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _as_json(view: DeliveryView) -> dict[str, Any]:
    return {
        "message": view.message,
        "shop": view.shop,
        "receiver": view.receiver,
        "order": view.order,
        "sequence": view.sequence,
        "type": view.type,
        "state": view.state,
        "held": view.held,
        "tries": view.tries,
        "created_at": _time(view.created_at),
        "next_try_at": _time(view.next_try_at),
        "delivered_at": _time(view.delivered_at),
        "error": view.error,
    }


def _receiver_json(view: ReceiverView) -> dict[str, Any]:
    return {
        "shop": view.shop,
        "receiver": view.receiver,
        "url": view.url,
        "state": view.state,
        "reason": view.reason,
        "since_at": _time(view.since_at),
        "probe_at": _time(view.probe_at),
        "waiting": view.waiting,
    }


def _run(context: typer.Context, work: Callable[[Deliveries], Awaitable[T]]) -> T:
    invocation: Invocation = context.obj
    settings = invocation.settings()

    async def closing(db: Database) -> T:
        try:
            await migrations.require_current(db)
            store = Store.over(db, clock=time.time, new_id=id_maker(settings.node))
            return await work(store.deliveries)
        finally:
            await db.close()

    try:
        return asyncio.run(closing(Database.open(settings.database_url)))
    except (StoreDown, migrations.SchemaMismatch, UnknownShop, CannotTest) as error:
        raise CommandFailed(str(error)) from error
