"""What the files say, and what they must not."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import (
    ROOT,
    Definition,
    definitions,
    shipped_modules,
    tracked,
)

REGISTRIES = [
    # In pieces, or this file would name them.
    "pypi" + r"\.org",
    "python" + r"hosted\.org",
    "npm" + r"js\.(org|com)",
    "deb" + r"\.debian\.org",
    "docker" + r"\.(io|com)",
    "proxy" + r"\.golang\.org",
]
TEXT = {
    *(".py", ".md", ".toml", ".txt", ".sh", ".lock", ".conf", ".j2", ".yaml", ".yml"),
    *(".xml", ".js", ".css", ".html", ".cfg", ".ini", ".json", ".csv", ".example", ""),
}
EXPLAINED = [
    path
    for path in tracked()
    if path.parts[0] in {"asterisk-conf", "dialplan"} and path.suffix != ".alaw"
]


def is_public(found: Definition) -> bool:
    """Named for others, and more than a trivial property of Python."""
    parts = found.name.split(".")
    return not any(part.startswith("_") for part in parts)


def implements(found: Definition) -> bool:
    """
    A method of a class with a base or of a private class.

    Its contract is told once, at the Protocol or the base.
    """
    return found.owner is not None and bool(found.owner.bases)


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path in shipped_modules()
        if (text := (ROOT / path).read_text(encoding="utf-8")).strip()
        and ast.get_docstring(ast.parse(text)) is None
    ]
    assert silent == []


def test_every_public_thing_says_what_it_promises() -> None:
    silent = [
        str(found)
        for path in shipped_modules()
        for found in definitions(path)
        if is_public(found)
        and not implements(found)
        and ast.get_docstring(found.node) is None
    ]
    assert silent == []


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_registry(host: str) -> None:
    pattern = re.compile(host)
    naming = [
        str(path)
        for path in tracked()
        if path.suffix in TEXT
        and pattern.search((ROOT / path).read_text(encoding="utf-8", errors="replace"))
    ]
    assert naming == []


def test_locked_packages_have_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        entries = [line for line in text.splitlines() if re.match(r"[a-z]", line)]
        assert len(entries) > 20
        assert all("==" in line for line in entries)
        assert text.count("--hash=sha256:") >= len(entries)


@pytest.mark.parametrize("path", EXPLAINED, ids=str)
def test_every_file_of_asterisk_begins_by_saying_why(path: Path) -> None:
    first = (ROOT / path).read_text(encoding="utf-8").lstrip()
    assert first.startswith("; ")


def test_a_sqlite_connection_is_closed_where_it_is_opened() -> None:
    # As a context it ends a transaction only; Python 3.13 warns of what stays open.
    pattern = re.compile(r"with sqlite3\.connect\(")
    leaking = [
        str(path)
        for path in tracked()
        if path.suffix == ".py"
        and pattern.search((ROOT / path).read_text(encoding="utf-8"))
    ]

    assert leaking == []
