"""What a shop of a configuration file may say of its trunks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callengine.core.trunks.trunk import Trunk
from callengine.store.configuration.columns import guess


def one_trunk(data: Any) -> Any:
    """Read `trunk = "NAME"`, the short form of `trunks = ["NAME"]`."""
    if not isinstance(data, dict) or "trunk" not in data:
        return data
    if "trunks" in data:
        raise ValueError(
            "trunk and trunks both say what its orders are dialled by; keep trunks"
        )
    rest = {key: value for key, value in data.items() if key != "trunk"}
    return rest | {"trunks": [data["trunk"]]}


def each_once(names: list[str]) -> list[str]:
    """Refuse a trunk that is named twice."""
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise ValueError(f"{twice} stands there twice; name each trunk once")
    return names


def doubts_of_trunks(
    shop: str, names: Sequence[str], caller_id: str, trunks: Mapping[str, Trunk]
) -> Iterator[str]:
    """
    Say what an order of a shop will meet at its trunks.

    Args:
        names: as the shop's file has them; none for any trunk.
        caller_id: what it shows, E.164; may be empty.
        trunks: those of the settings; without any nothing can be said.
    """
    if not trunks:
        return
    for name in names:
        if name not in trunks:
            have = ", ".join(trunks)
            yield (
                f"shop {shop}: the settings have no trunk {name}"
                f"{guess(name, trunks)}; they have {have}"
            )
    own = [trunks[name] for name in names or trunks if name in trunks]
    if not own:
        yield f"shop {shop} has no trunk: none of its orders can be dialled"
        return
    if not any(trunk.carries(caller_id) for trunk in own) and caller_id:
        # Its customers are mostly where its own number is.
        taken = ", ".join(sorted({one for trunk in own for one in trunk.takes}))
        yield (
            f"shop {shop}: no trunk of its takes numbers such as its own {caller_id}"
            f" (they take {taken or 'others'})"
        )
    shows = [trunk for trunk in own if trunk.shown]
    may = any(_shown_to_anybody(trunk, shop, caller_id) for trunk in own)
    if caller_id and len(shows) == len(own) and not may:
        yield (
            f"shop {shop}: no trunk of its may show {caller_id}; add it to the trunk's"
            " shows, or name a number of theirs as caller_id"
        )


def _shown_to_anybody(trunk: Trunk, shop: str, caller_id: str) -> bool:
    return any(
        one.number == caller_id and (not one.shops or shop in one.shops)
        for one in trunk.shown
    )
