"""
The first schema.

Revision 0001, after .
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""

    op.create_table(
        "agents",
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("sip_password", sa.String(length=100), nullable=False),
        sa.Column("phone_mode", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("agent", name=op.f("pk_agents")),
    )
    op.create_table(
        "attempts",
        sa.Column("attempt", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("bridged_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.Integer(), nullable=False),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("ring_s", sa.Double(), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=True),
        sa.Column("next_try_at", sa.Double(), nullable=True),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("attempt", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_call"), ["call"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_attempts_order_id_started_at"),
            ["order_id", "started_at"],
            unique=False,
        )
        batch_op.create_index(
            "ix_attempts_running",
            ["started_at"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "calls",
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=True),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("dialled_number", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=True),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=64), nullable=True),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("enqueued_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("bridged_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("ending", sa.String(length=32), nullable=False),
        sa.Column("off_skill", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_calls")),
    )
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_calls_shop_customer_ended_at"),
            ["shop", "customer", "ended_at"],
            unique=False,
        )

    op.create_table(
        "decisions",
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=True),
        sa.Column("call", sa.String(length=64), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("chosen", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_decisions_call_at"), ["call", "at"], unique=False
        )

    op.create_table(
        "dispositions",
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=True),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_dispositions")),
    )
    with op.batch_alter_table("dispositions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dispositions_order_id"), ["order_id"], unique=False
        )

    op.create_table(
        "events",
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("call", "line", name=op.f("pk_events")),
    )
    op.create_table(
        "legs",
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=150), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ringing_at", sa.Double(), nullable=True),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=False),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("call", "channel", name=op.f("pk_legs")),
    )
    op.create_table(
        "outbox",
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("receiver", sa.String(length=16), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("next_try_at", sa.Double(), nullable=True),
        sa.Column("delivered_at", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "order_id",
            "receiver",
            "change",
            name=op.f("uq_outbox_order_id_receiver_change"),
        ),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due",
            ["next_try_at"],
            unique=False,
            sqlite_where=sa.text("next_try_at IS NOT NULL"),
            postgresql_where=sa.text("next_try_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_outbox_shop_state"), ["shop", "state"], unique=False
        )

    op.create_table(
        "roster_versions",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_roster_versions")),
    )
    op.create_table(
        "shops",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("greeting", sa.String(length=200), nullable=False),
        sa.Column("music", sa.String(length=64), nullable=False),
        sa.Column("caller_id", sa.String(length=20), nullable=False),
        sa.Column("dial_orders", sa.Boolean(), nullable=False),
        sa.Column("delivery_required", sa.Boolean(), nullable=False),
        sa.Column("trunk", sa.String(length=64), nullable=False),
        sa.Column("goal_s", sa.Double(), nullable=False),
        sa.Column("callback_s", sa.Double(), nullable=False),
        sa.Column("shop_url", sa.String(length=500), nullable=False),
        sa.Column("shop_secret", sa.String(length=200), nullable=False),
        sa.Column("logistics_url", sa.String(length=500), nullable=False),
        sa.Column("logistics_secret", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("shop", name=op.f("pk_shops")),
    )
    op.create_table(
        "agent_shops",
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent"],
            ["agents.agent"],
            name=op.f("fk_agent_shops_agent_agents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_agent_shops_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("agent", "shop", name=op.f("pk_agent_shops")),
    )
    with op.batch_alter_table("agent_shops", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_shops_shop"), ["shop"], unique=False)

    op.create_table(
        "agent_skills",
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("skill", sa.String(length=64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent"],
            ["agents.agent"],
            name=op.f("fk_agent_skills_agent_agents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("agent", "skill", name=op.f("pk_agent_skills")),
    )
    op.create_table(
        "api_keys",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_api_keys_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_api_keys")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_shop"), ["shop"], unique=False)

    op.create_table(
        "customers",
        sa.Column("customer", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("segment", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_customers_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer", name=op.f("pk_customers")),
        sa.UniqueConstraint(
            "shop", "external_id", name=op.f("uq_customers_shop_external_id")
        ),
    )
    op.create_table(
        "dialled_numbers",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_dialled_numbers_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dialled_numbers")),
    )
    with op.batch_alter_table("dialled_numbers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dialled_numbers_shop"), ["shop"], unique=False
        )

    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("phone_raw", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("placed_at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("deadline_at", sa.Double(), nullable=False),
        sa.Column("dial_by_at", sa.Double(), nullable=False),
        sa.Column("next_try_at", sa.Double(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.String(length=64), nullable=True),
        sa.Column("claimed_at", sa.Double(), nullable=True),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_orders_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_orders")),
        sa.UniqueConstraint("shop", "number", name=op.f("uq_orders_shop_number")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_attempt",
            ["attempt"],
            unique=True,
            sqlite_where=sa.text("attempt IS NOT NULL"),
            postgresql_where=sa.text("attempt IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_orders_dialable",
            ["dial_by_at", "next_try_at"],
            unique=False,
            sqlite_where=sa.text("attempt IS NULL AND next_try_at IS NOT NULL"),
            postgresql_where=sa.text("attempt IS NULL AND next_try_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_orders_shop_customer_placed_at"),
            ["shop", "customer", "placed_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_orders_shop_stage"), ["shop", "stage"], unique=False
        )

    op.create_table(
        "products",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_products_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop", "sku", name=op.f("pk_products")),
    )
    op.create_table(
        "queues",
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("strategy", sa.String(length=64), nullable=False),
        sa.Column("ring_s", sa.Integer(), nullable=False),
        sa.Column("music", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_queues_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_queues")),
    )
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queues_shop"), ["shop"], unique=False)

    op.create_table(
        "customer_phones",
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.customer"],
            name=op.f("fk_customer_phones_customer_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["shop"],
            ["shops.shop"],
            name=op.f("fk_customer_phones_shop_shops"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "shop", "number", "customer", name=op.f("pk_customer_phones")
        ),
    )
    with op.batch_alter_table("customer_phones", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_customer_phones_customer"), ["customer"], unique=False
        )

    op.create_table(
        "deliveries",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("time_from", sa.String(length=5), nullable=False),
        sa.Column("time_to", sa.String(length=5), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("agreed_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.order_id"],
            name=op.f("fk_deliveries_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_deliveries")),
    )
    op.create_table(
        "order_items",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.order_id"],
            name=op.f("fk_order_items_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("order_id", "line", name=op.f("pk_order_items")),
    )


def downgrade() -> None:
    """Take it back."""

    op.drop_table("order_items")
    op.drop_table("deliveries")
    with op.batch_alter_table("customer_phones", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_phones_customer"))

    op.drop_table("customer_phones")
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_queues_shop"))

    op.drop_table("queues")
    op.drop_table("products")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_shop_stage"))
        batch_op.drop_index(batch_op.f("ix_orders_shop_customer_placed_at"))
        batch_op.drop_index(
            "ix_orders_dialable",
            sqlite_where=sa.text("attempt IS NULL AND next_try_at IS NOT NULL"),
            postgresql_where=sa.text("attempt IS NULL AND next_try_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_orders_attempt",
            sqlite_where=sa.text("attempt IS NOT NULL"),
            postgresql_where=sa.text("attempt IS NOT NULL"),
        )

    op.drop_table("orders")
    with op.batch_alter_table("dialled_numbers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dialled_numbers_shop"))

    op.drop_table("dialled_numbers")
    op.drop_table("customers")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_shop"))

    op.drop_table("api_keys")
    op.drop_table("agent_skills")
    with op.batch_alter_table("agent_shops", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_shops_shop"))

    op.drop_table("agent_shops")
    op.drop_table("shops")
    op.drop_table("roster_versions")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_shop_state"))
        batch_op.drop_index(
            "ix_outbox_due",
            sqlite_where=sa.text("next_try_at IS NOT NULL"),
            postgresql_where=sa.text("next_try_at IS NOT NULL"),
        )

    op.drop_table("outbox")
    op.drop_table("legs")
    op.drop_table("events")
    with op.batch_alter_table("dispositions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispositions_order_id"))

    op.drop_table("dispositions")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_call_at"))

    op.drop_table("decisions")
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calls_shop_customer_ended_at"))

    op.drop_table("calls")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_attempts_running",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_attempts_order_id_started_at"))
        batch_op.drop_index(batch_op.f("ix_attempts_call"))

    op.drop_table("attempts")
    op.drop_table("agents")
