"""Logs: for people on a terminal, for programs otherwise, and no names by accident."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from callengine.boot.logs import configure_logs


class Terminal(io.StringIO):
    """A stream that people read."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The logging of the test run, afterwards."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_away_from_a_terminal_each_line_is_one_json_object() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    structlog.get_logger("engine").info("call ended", call="c-1")
    logging.getLogger("library").warning("spoke %s", "up")
    ours, theirs = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (ours["message"], ours["call"], ours["level"]) == (
        "call ended",
        "c-1",
        "info",
    )
    assert theirs["message"] == "spoke up"
    assert ours["timestamp"].endswith("Z")


def test_a_terminal_gets_colours_and_a_file_does_not() -> None:
    terminal, file = Terminal(), io.StringIO()
    configure_logs(stream=terminal)
    structlog.get_logger("engine").info("call ended")
    configure_logs(stream=file, json_lines=False)
    structlog.get_logger("engine").info("call ended")
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in file.getvalue()


def test_no_color_is_respected_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    configure_logs(stream=terminal)
    structlog.get_logger("engine").info("call ended")
    assert "\x1b[" not in terminal.getvalue()


@pytest.mark.parametrize("show", [False, True])
def test_personal_data_is_shown_only_when_asked_for(show: bool) -> None:
    stream = io.StringIO()
    configure_logs(stream=stream, show_pii=show)
    structlog.get_logger("engine").info("call began", pii_caller="+79160000001")
    assert ("+79160000001" in stream.getvalue()) is show
    assert "pii_caller" in stream.getvalue()


def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream, level="warning")
    structlog.get_logger("engine").info("call ended")
    assert stream.getvalue() == ""


def test_an_exception_is_one_line_too() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    try:
        dict[str, int]()["no such call"]
    except KeyError:
        structlog.get_logger("engine").exception("effect failed")
    (line,) = stream.getvalue().splitlines()
    assert "no such call" in json.loads(line)["exception"][0]["exc_value"]
