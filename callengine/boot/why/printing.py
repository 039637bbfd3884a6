"""Stories on a terminal, as a tree; on anything else, as plain indented text."""

from collections.abc import Iterator

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from callengine.boot.log_safety import one_line
from callengine.boot.why.parts import Grid, Part

MARK = "<"


def print_story(story: Part, console: Console) -> None:
    """Print a story as the console can show it."""
    if console.is_terminal:
        console.print(_tree(story, Tree(_title(story), guide_style="dim")))
        return
    for line in plain_lines(story):
        # Plain text is for grep and files: nothing is wrapped or cut.
        console.out(one_line(line), highlight=False)


def plain_lines(part: Part, indent: str = "") -> Iterator[str]:
    """Write a part and what is in it as lines of text."""
    yield f"{indent}{part.title} {part.strong}".rstrip()
    inner = indent + "  "
    wide = max((len(word) for word, _ in part.lines), default=0)
    for word, text in part.lines:
        yield f"{inner}{word:<{wide}}  {text}" if word else f"{inner}{text}"
    for title, grid in part.grids:
        if title:
            yield f"{inner}{title}:"
        yield from _plain_grid(grid, inner + ("  " if title else ""))
    for below in part.parts:
        yield from plain_lines(below, inner)


def _plain_grid(grid: Grid, indent: str) -> Iterator[str]:
    rows = [grid.heads, *grid.rows]
    wide = [max(len(row[n]) for row in rows) for n in range(len(grid.heads))]
    for number, row in enumerate(rows):
        cells = (f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True))
        mark = f"  {MARK}" if number - 1 == grid.marked else ""
        yield f"{indent}{'  '.join(cells).rstrip()}{mark}"


def _tree(part: Part, tree: Tree) -> Tree:
    if part.lines:
        tree.add(_said(part))
    for title, grid in part.grids:
        tree.add(
            Group(Text(title, style="dim"), _table(grid)) if title else _table(grid)
        )
    for below in part.parts:
        _tree(below, tree.add(_title(below)))
    return tree


def _title(part: Part) -> Text:
    strong = f" [bold cyan]{escape(one_line(part.strong))}[/]" if part.strong else ""
    return Text.from_markup(f"{escape(one_line(part.title))}{strong}")


def _said(part: Part) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for word, text in part.lines:
        table.add_row(word, Text(one_line(text)))
    return table


def _table(grid: Grid) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in grid.heads:
        table.add_column(head, overflow="fold")
    for number, row in enumerate(grid.rows):
        style = "bold green" if number == grid.marked else ""
        table.add_row(*(Text(one_line(cell)) for cell in row), style=style)
    return table
