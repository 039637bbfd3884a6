"""
What a shop calls the columns of its files; orders that a shop took back; their list.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    # Outside of batches: a table that is made anew would take the rows that refer to
    # it along.
    op.add_column(
        "shops",
        sa.Column("column_map", sa.Text(), server_default="{}", nullable=False),
    )
    op.add_column("orders", sa.Column("withdrawn_at", sa.Double(), nullable=True))
    op.create_index(
        "ix_orders_shop_received_at_order_id",
        "orders",
        ["shop", "received_at", "order_id"],
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_orders_shop_received_at_order_id", "orders")
    op.drop_column("orders", "withdrawn_at")
    op.drop_column("shops", "column_map")
