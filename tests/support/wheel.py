"""The wheel of this tree, built from the files that git knows, and nothing else."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.architecture.tree import ROOT, tracked

BUILD = """\
import sys
from setuptools import build_meta
print(getattr(build_meta, "build_" + sys.argv[1])(sys.argv[2]))
"""
"""What `pip wheel` and `uv build` call, without a builder to be fetched first."""


def copy_tree(target: Path) -> Path:
    """Lay a copy of the tree's own files, so that building leaves nothing in it."""
    for path in tracked():
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, place)
    return target


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a `wheel` or an `sdist` of a tree; warnings of the build fail it."""
    target.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(target)],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return target / done.stdout.splitlines()[-1]


def in_wheel(wheel: Path) -> set[str]:
    """Names of the files in it, but for its own description."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def in_sdist(sdist: Path) -> set[str]:
    """Names of the files in it, below its one folder."""
    with tarfile.open(sdist) as archive:
        files = (member.name for member in archive if member.isfile())
        return {name.partition("/")[2] for name in files}
