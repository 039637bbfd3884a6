"""What a shop of a configuration file may say of its trunks."""

from typing import Any


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
