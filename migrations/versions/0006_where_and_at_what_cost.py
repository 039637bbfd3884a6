"""
Where a shop's orders are called, and what attempts cost.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    # In place: a table made anew would take with it, in SQLite, all that is part of it.
    op.add_column(
        "shops", sa.Column("dialling", sa.Text(), server_default="{}", nullable=False)
    )
    op.add_column(
        "attempts",
        sa.Column("cost_minor", sa.BigInteger(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("attempts", "cost_minor")
    op.drop_column("shops", "dialling")
