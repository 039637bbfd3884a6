"""The command line as an admin uses it, run within the test."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[2] / "sim" / "shops" / "demo.toml"


@dataclass
class Said:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The last line as JSON."""
        said = json.loads(self.out.splitlines()[-1])
        assert isinstance(said, dict)
        return said


Run = Callable[..., Said]
