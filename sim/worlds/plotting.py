"""
Matplotlib as our charts want it: SVG, one style, the same file for the same figures.

Needs matplotlib (`make setup` brings it), which nothing else does.
"""

from typing import Any

INK, GRID = "#222222", "#dddddd"


class NoCharts(RuntimeError):
    """Charts cannot be drawn, with the reason."""


def load_pyplot(font_size: int) -> Any:
    """Import and set up pyplot. Raises `NoCharts`."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise NoCharts("matplotlib is missing; `make setup` installs it") from None
    mpl.use("svg")
    mpl.rcParams.update(
        {
            "svg.hashsalt": "callengine",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "font.size": font_size,
            "axes.edgecolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    from matplotlib import pyplot

    return pyplot
