"""The centres of the routing studies: Wallace & Whitt's, a shop's, one pool."""

from math import inf

from sim.worlds.routing import CallClass, Centre

MANY = 6
"""Call types, and skills at most, in Wallace & Whitt's experiment."""


def spread_skills(
    types: int, per_type: int, skills: int, *, top: int = 10, prefix: str
) -> dict[str, dict[str, int]]:
    """
    Give every agent a primary skill and the next ones evenly spread.

    The primary skill is held at level `top`, each further one a level lower.
    """
    agents = {}
    for primary in range(types):
        others = [(primary + 1 + step) % types for step in range(types - 1)]
        for place in range(per_type):
            turn = place % len(others)
            own = [primary, *others[turn:], *others[:turn]][:skills]
            agents[f"{prefix}{primary}-{place}"] = {
                f"{prefix}{skill}": top - rank for rank, skill in enumerate(own)
            }
    return agents


def wallace_whitt(skills: int) -> Centre:
    """Six call types, 90 agents, 30 waiting places, load 82.5 erlangs."""
    return Centre(
        agents=spread_skills(MANY, 15, skills, prefix="type."),
        classes=[CallClass(name=f"type.{n}", skill=f"type.{n}") for n in range(MANY)],
        load=82.5,
        service_s=600.0,
        places=30,
    )


def shop(
    skills: int,
    *,
    surge: bool = False,
    products: int = 4,
    per_product: int = 6,
    load: float = 20.5,
    patience_s: float = 120.0,
) -> Centre:
    """24 agents, four products; in a surge 40 % of callers ask for the first one."""
    rest = 0.6 / (products - 1)
    weights = [0.4 if surge and n == 0 else rest for n in range(products)]
    if not surge:
        weights = [1.0 / products] * products
    return Centre(
        agents=spread_skills(products, per_product, skills, top=9, prefix="product."),
        classes=[
            CallClass(name=f"product.{n}", skill=f"product.{n}", weight=weight)
            for n, weight in enumerate(weights)
        ],
        load=load,
        service_s=180.0,
        off_skill_factor=1.25,
        patience_s=patience_s,
    )


def one_pool(
    agents: int,
    occupancy: float,
    *,
    vip_share: float = 0.0,
    vip_credit_s: float = 0.0,
    swing: float = 0.0,
) -> Centre:
    """Agents who all take every call, callers who never leave."""
    classes = [CallClass(name="others", skill="calls", weight=1.0 - vip_share)]
    if vip_share:
        vip = CallClass(
            name="vip", skill="calls", weight=vip_share, priority=vip_credit_s
        )
        classes.append(vip)
    return Centre(
        agents={f"agent-{n}": {"calls": 5} for n in range(agents)},
        classes=classes,
        load=occupancy * agents,
        service_s=180.0,
        patience_s=inf,
        swing=swing,
    )
