"""How the files that `callengine provision` writes are rendered."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callengine.asterisk.peers import escaped

TEMPLATES = Path(__file__).with_name("templates")


def environment() -> Environment:
    """Make what renders; whatever is not said is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # not HTML; checks and filters refuse what would hurt
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["comment"] = _one_line
    made.filters["quoted"] = lambda text: _without(text, '"\\;<>')
    made.filters["member"] = lambda text: _without(text, '"\\;,')
    made.filters["escaped"] = escaped
    return made


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _without(text: str, characters: str) -> str:
    return _one_line(text.translate(str.maketrans("", "", characters)))
