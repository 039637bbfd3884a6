"""
Customers and their past for the sample shops: `python -m sim.shops.generate`.

The same seed makes the same people. A shop that has generated customers already is
left as it is, so that a second run of the demo starts in no time.
"""

import argparse
import asyncio
import time
from random import Random

from sqlalchemy import select

from callengine.store import Database
from callengine.store import tables as t
from callengine.store.bulk import insert_rows
from sim.shops.past import MARK, Product, generated
from sim.shops.people import COUNTRIES

CUSTOMERS = 2000


async def load_demo(
    db: Database, *, now: float, seed: int = 1, customers: int = CUSTOMERS
) -> int:
    """
    Give the sample shops customers with phones, orders and conversations.

    The shops must be applied before. Returns how many customers are new.
    """
    made = 0
    for country in COUNTRIES:
        products = await _products(db, country.shop)
        if not products or await _has_customers(db, country.shop):
            continue
        agents = await _agents(db, country.shop)
        rng = Random(f"{seed} {country.shop}")
        rows = generated(country, products, agents, rng, now=now, customers=customers)
        await insert_rows(db, rows.by_table())
        made += len(rows.customers)
    return made


async def _products(db: Database, shop: str) -> list[Product]:
    p = t.products.c
    async with db.read() as connection:
        rows = await connection.execute(
            select(t.products).where(p.shop == shop).order_by(p.sku)
        )
        return [Product(r.sku, r.name, r.category, r.price_minor) for r in rows]


async def _agents(db: Database, shop: str) -> list[str]:
    s = t.agent_shops.c
    async with db.read() as connection:
        rows = await connection.execute(
            select(s.agent).where(s.shop == shop).order_by(s.agent)
        )
        return list(rows.scalars())


async def _has_customers(db: Database, shop: str) -> bool:
    c = t.customers.c
    async with db.read() as connection:
        rows = await connection.execute(
            select(c.customer)
            .where(c.shop == shop, c.external_id == f"{MARK}{0:05d}")
            .limit(1)
        )
        return rows.first() is not None


async def _main(url: str, seed: int, customers: int) -> None:
    db = Database.open(url)
    began_at = time.monotonic()
    try:
        made = await load_demo(db, now=time.time(), seed=seed, customers=customers)
    finally:
        await db.close()
    print(f"{made} new customers in {time.monotonic() - began_at:.1f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="per shop")
    given = parser.parse_args()
    asyncio.run(_main(given.database_url, given.seed, given.customers))
