"""One wheel and one environment for all tests of an installation."""

from pathlib import Path

import pytest

from tests.support.installation import install
from tests.support.wheel import build, copy_tree


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment outside of the tree, with the wheel and the lock."""
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build("wheel", copy_tree(folder / "tree"), folder / "dist")
    install(wheel, folder / "environment")
    return folder / "environment"
