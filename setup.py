"""
Lay the folders that travel with the package into the wheel.

Everything else is in `pyproject.toml`; setuptools cannot be told there to take files
from outside of the package.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from callengine.shipped import FOLDERS, IN_THE_WHEEL  # noqa: E402


def travels(path: Path) -> bool:
    """Whether that is a file of ours and none that a run or an editor left."""
    hidden = any(part.startswith((".", "__pycache__")) for part in path.parts)
    return not hidden and not path.name.endswith(("~", ".pyc", ".new", ".orig"))


def pairs() -> Iterator[tuple[Path, Path]]:
    """Each file, relative to the checkout, and its place in the wheel."""
    for name, folder in FOLDERS.items():
        for path in sorted((HERE / folder).rglob("*")):
            inside = path.relative_to(HERE / folder)
            if path.is_file() and travels(inside):
                yield (
                    path.relative_to(HERE),
                    Path("callengine", IN_THE_WHEEL, name, inside),
                )


class BuildWithFolders(build_py):
    """The usual build, and the folders; an editable install reads the checkout."""

    def run(self) -> None:
        """Build."""
        super().run()
        if not self.editable_mode:
            for source, place in pairs():
                target = Path(self.build_lib) / place
                self.mkpath(str(target.parent))
                self.copy_file(str(HERE / source), str(target))

    def get_source_files(self) -> list[str]:
        """Name what an sdist needs, to build the same wheel."""
        return [*super().get_source_files(), *(str(source) for source, _ in pairs())]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Name what the build makes."""
        made = super().get_outputs(include_bytecode)
        if self.editable_mode:
            return list(made)
        return [*made, *(str(Path(self.build_lib) / place) for _, place in pairs())]


setup(cmdclass={"build_py": BuildWithFolders})
