"""
How an agent's phone is asked to answer by itself, and whether it must encrypt.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    # In place: a table made anew would take with it, in SQLite, all that is part of it.
    op.add_column(
        "agents",
        sa.Column(
            "auto_answer", sa.String(16), server_default="call-info", nullable=False
        ),
    )
    op.add_column("agents", sa.Column("srtp", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("agents", "srtp")
    op.drop_column("agents", "auto_answer")
