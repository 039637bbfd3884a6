"""
Where the files are that travel with the package and are no Python of it.

In a checkout they are folders at the top, where people look for them. The build
(`setup.py`) lays the same folders into the wheel, as `callengine/_shipped/NAME`.
"""

from importlib.resources import files
from pathlib import Path

FOLDERS = {
    "migrations": "migrations",
    "dialplan": "dialplan",
    "asterisk-conf": "asterisk-conf",
    "sounds": "sounds",
    "examples": "docs/examples",
}
"""Name in the wheel -> folder of the checkout."""

IN_THE_WHEEL = "_shipped"


def in_a_checkout() -> bool:
    """Whether this is no wheel: demo, tests and their tools are beside the package."""
    return not (Path(str(files("callengine"))) / IN_THE_WHEEL).is_dir()


def shipped(name: str) -> Path:
    """
    Find one of `FOLDERS`, in the wheel that is installed or in the checkout.

    Raises:
        KeyError: no such folder travels with the package.
        FileNotFoundError: the installation is not whole.
    """
    package = Path(str(files("callengine")))
    in_the_wheel = package / IN_THE_WHEEL / name
    in_the_checkout = package.parent / FOLDERS[name]
    for folder in (in_the_wheel, in_the_checkout):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"callengine is not installed whole: there is no {in_the_wheel}. Install its"
        " wheel again."
    )
