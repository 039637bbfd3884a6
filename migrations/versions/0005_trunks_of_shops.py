"""
Shops name several trunks, best first.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UNSAID = "trunk"
"""What the column held where a shop named none."""


def upgrade() -> None:
    """Apply it."""
    # In place: a table made anew would take with it, in SQLite, all that is part of it.
    op.add_column("shops", _text("trunks", 1024, ""))
    shops = sa.table("shops", sa.column("trunk"), sa.column("trunks"))
    op.execute(
        shops.update().where(shops.c.trunk != UNSAID).values(trunks=shops.c.trunk)
    )
    op.drop_column("shops", "trunk")


def downgrade() -> None:
    """Take it back; of several trunks the first stays."""
    op.add_column("shops", _text("trunk", 64, UNSAID))
    shops = sa.table(
        "shops", sa.column("shop"), sa.column("trunk"), sa.column("trunks")
    )
    connection = op.get_bind()
    named = connection.execute(
        sa.select(shops.c.shop, shops.c.trunks).where(shops.c.trunks != "")
    )
    for shop, trunks in named.all():
        first = trunks.split()[0]
        mine = shops.update().where(shops.c.shop == shop)
        connection.execute(mine.values(trunk=first))
    op.drop_column("shops", "trunks")


def _text(name: str, length: int, default: str) -> "sa.Column[str]":
    kind = sa.String(length=length)
    return sa.Column(name, kind, nullable=False, server_default=default)
