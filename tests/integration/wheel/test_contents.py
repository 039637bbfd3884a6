"""What travels in the wheel and in the sdist: all that a run needs, nothing else."""

import subprocess
from pathlib import Path

import pytest

from callengine.shipped import FOLDERS
from tests.architecture.tree import tracked
from tests.support.wheel import build, copy_tree, in_sdist, in_wheel


def wanted() -> set[str]:
    """The names in the wheel that this tree asks for."""
    names = {path.as_posix() for path in tracked() if path.parts[0] == "callengine"}
    for name, folder in FOLDERS.items():
        for path in tracked():
            if path.is_relative_to(folder):
                inside = path.relative_to(folder).as_posix()
                names.add(f"callengine/_shipped/{name}/{inside}")
    return names


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, with what runs and editors leave behind."""
    tree = copy_tree(tmp_path_factory.mktemp("tree"))
    left = tree / "migrations" / "versions" / "__pycache__"
    left.mkdir()
    (left / "0001_first_schema.cpython-311.pyc").write_bytes(b"")
    (tree / "dialplan" / ".inbound.conf.swp").write_bytes(b"")
    (tree / "dialplan" / "inbound.conf.j2~").write_bytes(b"")
    return tree


def test_the_wheel_holds_the_package_and_its_folders(
    source: Path, tmp_path: Path
) -> None:
    names = in_wheel(build("wheel", source, tmp_path))
    assert names == wanted()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"callengine"}


def test_the_sdist_makes_the_same_wheel(source: Path, tmp_path: Path) -> None:
    sdist = build("sdist", source, tmp_path)
    names = in_sdist(sdist)
    assert not [n for n in names if n.startswith(("tests/", "sim/", "docker/"))]
    assert not [n for n in names if n.endswith((".pyc", "~", ".swp"))]
    # Not by `tarfile`: Debian 12's has no filter yet, newer ones warn without.
    (tmp_path / "unpacked").mkdir()
    command = ["tar", "-xf", str(sdist), "-C", str(tmp_path / "unpacked")]
    subprocess.run(command, check=True, timeout=60)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert in_wheel(build("wheel", unpacked, tmp_path)) == wanted()
