"""A licence that may not be shipped with ours is noticed."""

import importlib.util
from types import ModuleType

import pytest

from tests.architecture.tree import ROOT


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    """The script that `make lint` runs."""
    path = ROOT / "scripts" / "licences.py"
    spec = importlib.util.spec_from_file_location("licences", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later OR MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("LGPL-3.0-only OR SSPL-1.0", False),
        ("unknown", False),
    ],
)
def test_each_choice_must_be_allowed_in_all_its_parts(
    licences: ModuleType, expression: str, allowed: bool
) -> None:
    assert licences.is_allowed(expression) is allowed


def test_the_page_names_every_package_that_runs(licences: ModuleType) -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    for name in ("aiohttp", "sqlalchemy", "structlog", "uvloop"):
        assert f"| {name} | " in page
