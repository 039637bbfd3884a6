"""
Messages of an order keep their order; receivers have a state; secrets overlap.

Revision 0008, after 0007.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HOLD_LATER = """
UPDATE outbox SET next_try_at = NULL
WHERE state = 'waiting' AND EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.order_id = outbox.order_id AND earlier.receiver = outbox.receiver
    AND earlier.change < outbox.change AND earlier.state IN ('waiting', 'unaddressed')
)
"""
RELEASE = """
UPDATE outbox SET next_try_at = created_at
WHERE state = 'waiting' AND next_try_at IS NULL
"""


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        "outbox",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "outbox_tries",
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("try", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("took_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message"],
            ["outbox.message"],
            name=op.f("fk_outbox_tries_message_outbox"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message", "try", name=op.f("pk_outbox_tries")),
    )
    op.create_table(
        "receivers",
        sa.Column("shop", sa.String(64), nullable=False),
        sa.Column("receiver", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since_at", sa.Double(), nullable=True),
        sa.Column("probe_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_receivers_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop", "receiver", name=op.f("pk_receivers")),
    )
    op.drop_index("ix_outbox_due", table_name="outbox")
    op.drop_index(op.f("ix_outbox_shop_state"), table_name="outbox")
    _partial("ix_outbox_due", ["next_try_at", "created_at"], "next_try_at IS NOT NULL")
    _partial(
        "ix_outbox_waiting",
        ["shop", "receiver", "tries", "created_at"],
        "state = 'waiting'",
    )
    _partial("ix_outbox_dead", ["shop"], "state = 'dead'")
    for columns in (["shop", "created_at"], ["shop", "state", "created_at"]):
        op.create_index(op.f(f"ix_outbox_{'_'.join(columns)}"), "outbox", columns)
    op.create_index(op.f("ix_outbox_created_at"), "outbox", ["created_at"])
    op.execute(HOLD_LATER)
    # Outside of batches: a table made anew would take the rows that refer to it along.
    for receiver in ("shop", "logistics"):
        for column in _columns_of(receiver):
            op.add_column("shops", column)
    op.add_column("api_keys", sa.Column("expires_at", sa.Double(), nullable=True))


def _columns_of(receiver: str) -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column(
            f"{receiver}_attempts",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
        ),
        sa.Column(
            f"{receiver}_secret_old", sa.String(200), nullable=False, server_default=""
        ),
        sa.Column(f"{receiver}_secret_until", sa.Double(), nullable=True),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("api_keys", "expires_at")
    for receiver in ("shop", "logistics"):
        for column in _columns_of(receiver):
            op.drop_column("shops", column.name)
    op.execute(RELEASE)
    for name in (
        "ix_outbox_due",
        "ix_outbox_waiting",
        "ix_outbox_dead",
        "ix_outbox_shop_created_at",
        "ix_outbox_shop_state_created_at",
        "ix_outbox_created_at",
    ):
        op.drop_index(name, table_name="outbox")
    op.execute("UPDATE outbox SET state = 'dead' WHERE state = 'replaced'")
    _partial("ix_outbox_due", ["next_try_at"], "next_try_at IS NOT NULL")
    op.create_index(op.f("ix_outbox_shop_state"), "outbox", ["shop", "state"])
    op.drop_table("receivers")
    op.drop_table("outbox_tries")
