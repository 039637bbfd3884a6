"""
What may be dialled: regimes, numbers not to be called, consent, zones, cut-offs.

Revision 0002, after 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WAITING = "attempt IS NULL AND next_try_at IS NOT NULL AND cut_off_at IS NOT NULL"


def _text(name: str, length: int | None, default: str = "") -> sa.Column[Any]:
    kind = sa.Text() if length is None else sa.String(length=length)
    return sa.Column(name, kind, nullable=False, server_default=default)


def _yes_no(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "regimes",
        sa.Column("regime", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("regime", name=op.f("pk_regimes")),
    )
    op.create_table(
        "do_not_call",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_do_not_call_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop", "number", name=op.f("pk_do_not_call")),
    )
    # Outside of batches: SQLite can add and drop columns, and a table that is made
    # anew would take the rows that refer to it along.
    for column in (
        _text("regime", 64, "house"),
        _text("nuisance_message", 200),
        _yes_no("advertising"),
    ):
        op.add_column("shops", column)
    op.add_column("customers", _text("zone", 64))
    for column in (
        _yes_no("consent"),
        sa.Column("cut_off_at", sa.Double(), nullable=True),
        _text("held_rule", 32),
        _text("held_reason", None),
    ):
        op.add_column("orders", column)
    for column in (_text("trunk", 64), _text("fault", 16), _text("zone", 64)):
        op.add_column("attempts", column)
    op.add_column(
        "decisions", sa.Column("order_id", sa.String(length=64), nullable=True)
    )
    _make_indexes()


def _make_indexes() -> None:
    for where, name, table, columns in (
        (_WAITING, "ix_orders_cut_off", "orders", ["cut_off_at"]),
        (None, "ix_attempts_number_started_at", "attempts", ["number", "started_at"]),
        (None, "ix_attempts_shop_started_at", "attempts", ["shop", "started_at"]),
        (
            "order_id IS NOT NULL",
            "ix_decisions_of_order",
            "decisions",
            ["order_id", "at"],
        ),
    ):
        only = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_decisions_of_order", "decisions")
    op.drop_index("ix_attempts_shop_started_at", "attempts")
    op.drop_index("ix_attempts_number_started_at", "attempts")
    op.drop_index("ix_orders_cut_off", "orders")
    for table, columns in (
        ("decisions", ("order_id",)),
        ("attempts", ("zone", "fault", "trunk")),
        ("orders", ("held_reason", "held_rule", "cut_off_at", "consent")),
        ("customers", ("zone",)),
        ("shops", ("advertising", "nuisance_message", "regime")),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.drop_table("do_not_call")
    op.drop_table("regimes")
