"""The project's own files, as the tests of its shape see them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("callengine", "sim", "migrations")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows or would add, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    names = done.stdout.decode().split("\0")
    return tuple(Path(name) for name in names if name and (ROOT / name).is_file())


def shipped_modules() -> list[Path]:
    """The Python files that are not tests."""
    return [
        path for path in tracked() if path.suffix == ".py" and path.parts[0] in SHIPPED
    ]


def length(path: Path) -> int:
    """Lines of a text file."""
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, method or class somewhere."""

    path: Path
    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    owner: ast.ClassDef | None = None

    def __str__(self) -> str:
        """`file:line name`."""
        return f"{self.path}:{self.node.lineno} {self.name}"

    @property
    def lines(self) -> int:
        """Lines from `def` to its end, without its docstring."""
        body = self.node.body
        end = self.node.end_lineno or self.node.lineno
        own = end - self.node.lineno + 1
        if ast.get_docstring(self.node, clean=False) is not None:
            text = body[0]
            own -= (text.end_lineno or text.lineno) - text.lineno + 1
        return own


def definitions(path: Path) -> Iterator[Definition]:
    """Every function, method and class of a module, not those inside functions."""
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Definition(path, node.name, node)
        elif isinstance(node, ast.ClassDef):
            yield Definition(path, node.name, node)
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    name = f"{node.name}.{inner.name}"
                    yield Definition(path, name, inner, node)
