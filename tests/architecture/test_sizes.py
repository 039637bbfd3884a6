"""One file, one noun; one function, one thought."""

import ast
from pathlib import Path

from tests.architecture.tree import definitions, length, shipped_modules, tracked

CORE_LINES = 350
MODULE_LINES = 300
TEST_LINES = 400
CONFIGURATION_LINES = 200
FUNCTION_LINES = 40
WHOLE = frozenset({"migrations"})
"""A migration is a record of what was done, not something to read on."""
ALLOWED = {
    "callengine/engine/ports.py": 650,  # declarations, which are looked up
}
"""File -> its own ceiling, and why."""


def too_long(paths: list[Path], ceiling: int) -> list[str]:
    """Those above their ceiling, with their lengths."""
    return [
        f"{path}: {length(path)}"
        for path in paths
        if length(path) > ALLOWED.get(str(path), ceiling) and path.parts[0] not in WHOLE
    ]


def test_modules_of_the_core_stay_readable() -> None:
    core = [path for path in shipped_modules() if path.parts[1] == "core"]
    assert too_long(core, CORE_LINES) == []


def test_other_modules_stay_readable() -> None:
    others = [path for path in shipped_modules() if path.parts[1] != "core"]
    assert too_long(others, MODULE_LINES) == []


def test_test_files_stay_readable() -> None:
    tests = [
        path for path in tracked() if path.parts[0] == "tests" and path.suffix == ".py"
    ]
    assert too_long(tests, TEST_LINES) == []


def test_scenarios_and_configuration_stay_readable() -> None:
    files = [
        path
        for path in tracked()
        if path.parts[0] in {"asterisk-conf", "dialplan"}
        or (path.parts[0] == "sim" and path.suffix == ".xml")
    ]
    assert files
    assert too_long(files, CONFIGURATION_LINES) == []


def test_functions_stay_readable() -> None:
    long = [
        f"{found}: {found.lines}"
        for path in shipped_modules()
        if path.parts[0] not in WHOLE
        for found in definitions(path)
        if not isinstance(found.node, ast.ClassDef) and found.lines > FUNCTION_LINES
    ]
    assert long == []
