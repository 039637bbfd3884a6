"""The admin guide tells every setting, with the default it has."""

import re
import tomllib
from pathlib import Path

import pytest

from callengine.boot.settings import known_keys, load_settings
from callengine.boot.trunk_sections import TrunkNumbers, TrunkSection
from tests.architecture.tree import ROOT

ROW = re.compile(r"^\| `([a-z_.]+)` \| `?([^|`]*)`? \|[^|\n]*\|$", re.MULTILINE)


def told(document: str) -> dict[str, str]:
    """The keys of a document's tables and their defaults."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    return {key: default.strip() for key, default in ROW.findall(text)}


def shown(default: object) -> str:
    """A default as the guide tells it."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return str(default)


@pytest.mark.parametrize("key", known_keys())
def test_the_admin_guide_tells_each_setting(key: str) -> None:
    default = known_keys()[key]
    text = told("admin-guide.md").get(key)
    assert text is not None, f"{key} is not in docs/admin-guide.md"
    assert text == shown(default)


def test_the_admin_guide_tells_no_setting_that_is_not_there() -> None:
    assert set(told("admin-guide.md")) <= set(known_keys())


def test_the_example_holds_every_default() -> None:
    example = ROOT / "docs" / "examples" / "callengine.toml"
    written = tomllib.loads(example.read_text(encoding="utf-8"))
    flat: dict[str, object] = {}
    for key, value in written.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": entry for inner, entry in value.items()}
        else:
            flat[key] = value
    defaults = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in known_keys().items()
        if value is not None
    }
    assert flat == defaults


def test_the_three_worked_examples_are_settings_and_name_every_key() -> None:
    examples = ROOT / "docs" / "examples" / "trunks.toml"
    names = [trunk.name for trunk in load_settings(examples).trunks or ()]
    assert names == ["msk", "north", "south", "secure"]
    guide = (ROOT / "docs" / "admin-guide.md").read_text(encoding="utf-8")
    keys = [f"trunks[].{key}" for key in TrunkSection.model_fields]
    keys += [f"trunks[].numbers.{key}" for key in TrunkNumbers.model_fields]
    assert [key for key in keys if f"| `{key}` |" not in guide] == []
    told = set(re.findall(r"^\| `(trunks\[\][a-z_.]+)` \|", guide, re.MULTILINE))
    assert told <= set(keys)
