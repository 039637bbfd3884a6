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
    with op.batch_alter_table("agents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "auto_answer",
                sa.String(16),
                server_default="call-info",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("srtp", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("agents", schema=None) as batch_op:
        batch_op.drop_column("srtp")
        batch_op.drop_column("auto_answer")
