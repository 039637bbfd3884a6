"""
A row per node that is written every few seconds: what cannot be written is not ready.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "write_probes",
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_write_probes")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("write_probes")
