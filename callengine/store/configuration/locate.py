"""Finding the line of a key in a TOML file, for errors that point at it."""

import re
from collections import Counter

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*="""
)
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, path: Path) -> int:
    """
    Say in which line (from 1) `path` is, or the nearest thing around it.

    Multi-line arrays count as the line their key is in.
    """
    best, best_length = 1, 0
    for line, place in places(text):
        shared = _shared(place, path)
        # A line that goes further than the path, or elsewhere, is not about it.
        if shared == len(place) and shared > best_length:
            best, best_length = line, shared
    return best


def places(text: str) -> list[tuple[int, Path]]:
    """List what each line of a file sets, as paths with indexes."""
    found: list[tuple[int, Path]] = []
    seen: Counter[Path] = Counter()
    table: Path = ()
    for line, content in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(content)
        if header:
            table = _table(header[1] == "[[", _parts(header[2]), seen)
            found.append((line, table))
            continue
        key = _KEY.match(content)
        if key:
            found.append((line, table + _parts(key[1])))
    return found


def _table(is_array: bool, names: Path, seen: Counter[Path]) -> Path:
    """Give a header's path the indexes of the array entries it stands in."""
    place: Path = ()
    for name in names[:-1]:
        place += (name,)
        if seen[place]:
            place += (seen[place] - 1,)
    place += names[-1:]
    if is_array:
        seen[place] += 1
        return (*place, seen[place] - 1)
    return (*place, seen[place] - 1) if seen[place] else place


def _parts(text: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(text))


def _shared(one: Path, other: Path) -> int:
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return length
