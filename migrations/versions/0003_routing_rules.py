"""
Routing rules, and certificates with dates.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DATED = ("agent_skills", "agent_shops")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "routing_rules",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("applied_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_routing_rules")),
    )
    for table in DATED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("certified_at", sa.Double(), nullable=True))
            batch_op.add_column(sa.Column("expires_at", sa.Double(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    for table in DATED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("expires_at")
            batch_op.drop_column("certified_at")
    op.drop_table("routing_rules")
