"""
Whether the lock files close over themselves: every requirement of every pin is a pin.

A lock that leaves one requirement out, be it one extra, is completed by whatever the
index has that day: it installs today and not tomorrow. Requirements are read from the
metadata of the installed packages, as Debian 12 and 13 would evaluate them.

    python scripts/check_lock.py [FOLDER]

Exit code 1 when a lock is open, with a line for each thing that is missing.
"""

import platform
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


class NotAsLocked(Exception):
    """The environment is not the lock's, so nothing can be said of the lock."""


PYTHONS = ("3.11.2", "3.13.5")
"""Of Debian 12 and 13."""

PIN = re.compile(r"^[A-Za-z0-9._-]+[^=<>!~]*==[^\s\\]+")


def read_pins(text: str) -> list[Requirement]:
    """Every pin of a lock; raises `InvalidRequirement` on a line that is none."""
    lines = (line.rstrip("\\ ") for line in text.splitlines() if PIN.match(line))
    return [Requirement(line) for line in lines]


def find_gaps(
    locked: Iterable[Requirement], wanted: Iterable[str], python: str
) -> Iterator[str]:
    """
    Say what no pin meets.

    Args:
        wanted: what the project itself asks for.
        python: such as `3.11.2`; pins and requirements for others are left out.
    """
    pins = {_key(pin): pin for pin in locked if _holds(pin, python)}
    for line in wanted:
        yield from _gap("pyproject.toml", Requirement(line), pins, python)
    for pin in pins.values():
        for line in _needed(pin):
            yield from _gap(pin.name, Requirement(line), pins, python, pin.extras)


def _key(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def _needed(pin: Requirement) -> Iterable[str]:
    try:
        installed = distribution(pin.name)
    except PackageNotFoundError:
        installed = None
    if installed is not None and pin.specifier.contains(installed.version):
        return installed.requires or ()
    # A version for another Python cannot be asked here; one for this Python must be.
    if _holds(pin, platform.python_version()):
        raise NotAsLocked(f"{pin.name} is not installed as it is locked")
    return ()


def _gap(
    whose: str,
    needed: Requirement,
    pins: Mapping[str, Requirement],
    python: str,
    extras: Iterable[str] = (),
) -> Iterator[str]:
    if not any(_holds(needed, python, extra) for extra in (*extras, "")):
        return
    pin = pins.get(_key(needed))
    if pin is None:
        yield f"{whose} needs {needed}, which is not pinned for Python {python}"
        return
    version = str(pin.specifier).removeprefix("==")
    if not needed.specifier.contains(version, prereleases=True):
        yield f"{whose} needs {needed}, pinned is {version}"
    missing = {canonicalize_name(extra) for extra in needed.extras} - {
        canonicalize_name(extra) for extra in pin.extras
    }
    if missing:
        names = ",".join(sorted(missing))
        yield f"{whose} needs {needed}, pinned is {pin.name} without [{names}]"


def _holds(requirement: Requirement, python: str, extra: str = "") -> bool:
    if requirement.marker is None:
        return True
    environment = {str(key): str(value) for key, value in default_environment().items()}
    environment |= {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "extra": extra,
    }
    return requirement.marker.evaluate(environment)


def check(folder: Path) -> list[str]:
    """What is missing in the locks of a folder, a sentence each."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    run = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    extras = project["project"]["optional-dependencies"]
    locks = {
        "requirements.lock": run,
        "requirements-dev.lock": [*run, *extras["dev"], *extras["sim"]],
    }
    gaps: list[str] = []
    for lock, wanted in locks.items():
        pins = read_pins((folder / lock).read_text(encoding="utf-8"))
        for python in PYTHONS:
            found = (f"{lock}: {gap}" for gap in find_gaps(pins, wanted, python))
            gaps += [gap for gap in found if gap not in gaps]
    return gaps


def main() -> int:
    """Print the gaps; the exit code."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    try:
        gaps = check(folder)
    except NotAsLocked as error:
        print(f"{error}; run scripts/setup.sh code", file=sys.stderr)
        return 1
    for gap in gaps:
        print(gap, file=sys.stderr)
    if gaps:
        print(
            "`make lock` chooses versions anew; scripts/lock.sh keep adds what is"
            " missing",
            file=sys.stderr,
        )
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
