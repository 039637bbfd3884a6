"""Connections to PostgreSQL: none waits for ever, and a fail-over gets new ones."""

from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from callengine.store.troubles import trouble_of

POOL = 8
POOL_WAIT_S = 3.0
CONNECT_S = 3.0
STATEMENT_S = 5.0
LOCK_S = 2.0
TRANSACTION_S = 8.0
"""A whole transaction, with the wait for its connection; longer is asked for."""
IDLE_TRANSACTION_S = 60.0
"""A process that was stopped in the middle keeps its locks no longer."""
RECYCLE_S = 900.0
"""A name may point to another server by now."""


def postgres_engine(address: URL) -> AsyncEngine:
    """
    Prepare a pool; the first use connects.

    An address that names several hosts (`?host=a:5432&host=b:5432`) goes to the one
    that may be written to.
    """
    engine = create_async_engine(
        address,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        # What customers are called is no part of an error's text.
        hide_parameters=True,
        connect_args=_connect_args(address),
    )
    event.listen(engine.sync_engine, "handle_error", _leave_server)
    return engine


def _connect_args(address: URL) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "timeout": CONNECT_S,
        "server_settings": {
            "application_name": "callengine",
            "statement_timeout": _ms(STATEMENT_S),
            "lock_timeout": _ms(LOCK_S),
            "idle_in_transaction_session_timeout": _ms(IDLE_TRANSACTION_S),
        },
    }
    hosts = address.query.get("host", ())
    if not isinstance(hosts, str) and len(hosts) > 1:
        arguments["target_session_attrs"] = "read-write"
    return arguments


def _leave_server(context: ExceptionContext) -> None:
    """Give every connection up when this server is the wrong one, or is going."""
    trouble = trouble_of(context.original_exception)
    if trouble is not None and trouble.reconnect:
        context.is_disconnect = True


async def allow_time(connection: AsyncConnection, within_s: float) -> None:
    """Let this transaction's statements and waits for locks take longer."""
    for setting, seconds in (("statement", within_s), ("lock", within_s / 4)):
        await connection.execute(
            text(f"SET LOCAL {setting}_timeout = {int(seconds * 1000)}")
        )


def _ms(seconds: float) -> str:
    return str(int(seconds * 1000))
