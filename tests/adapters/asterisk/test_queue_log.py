"""The queue log becomes calls: whatever is in it, over rotation and restarts."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from callengine.asterisk.log_tail import LogTail
from callengine.asterisk.queue_log import QueuedCall, QueueLog

CALL = "n1-1795955000.12"
BEGUN = f"1795955001|{CALL}|north|NONE|CALLENGINE|+74950000001|TIMEOUT|allowed"
ENTERED = f"1795955001|{CALL}|north|NONE|ENTERQUEUE||+79160000001|1"
ANSWERED = f"1795955009|{CALL}|north|PJSIP/anna|CONNECT|8|n1-1795955002.13|3"
COMPLETED = f"1795955069|{CALL}|north|PJSIP/anna|COMPLETECALLER|8|60|1"


def calls_of(*lines: str) -> list[QueuedCall]:
    raw = [f"{line}\n".encode() for line in lines]
    return list(QueueLog().read(iter(enumerate(raw))))


def test_an_answered_call_says_who_called_what_and_who_answered() -> None:
    (call,) = calls_of(BEGUN, ENTERED, ANSWERED, COMPLETED)
    assert (call.channel, call.queue, call.dialled) == (CALL, "north", "+74950000001")
    assert (call.caller, call.presentation, call.came) == (
        "+79160000001",
        "allowed",
        "TIMEOUT",
    )
    assert call.endpoint == "PJSIP/anna"
    assert (call.entered_at, call.answered_at, call.ended_at) == (
        1795955001.0,
        1795955009.0,
        1795955069.0,
    )
    assert call.ending == "answered"


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        ("ABANDON|1|1|12", "abandoned"),
        ("EXITWITHTIMEOUT|1|1|300", "fallback"),
        ("COMPLETEAGENT|8|60|1", "answered"),
        ("BLINDTRANSFER|100|from|8|60|1", "answered"),
    ],
)
def test_every_end_is_known(event: str, ending: str) -> None:
    (call,) = calls_of(BEGUN, ENTERED, f"1795955020|{CALL}|north|NONE|{event}")
    assert call.ending == ending


def test_calls_of_an_admins_own_queues_are_not_ours() -> None:
    assert calls_of(ENTERED, ANSWERED, COMPLETED) == []


def test_a_call_that_the_engine_gave_back_is_in_the_books_already() -> None:
    given = BEGUN.replace("TIMEOUT", "SUCCESS")
    assert calls_of(given, ENTERED, ANSWERED, COMPLETED) == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "|||||",
        "yesterday|x|north|NONE|CALLENGINE|+7|TIMEOUT|allowed",
        "1795955001|x|north",
        "1" * 5000,
        f"1795955009|{CALL}|south|PJSIP/eve|COMPLETEAGENT|1|1|1",
        f"1795955009|{CALL}|north|NONE|ENTERQUEUE",
        "\xff\x00|\x00|\x00|\x00|\x00",
    ],
)
def test_other_lines_change_nothing(line: str) -> None:
    (call,) = calls_of(BEGUN, line, ENTERED, ANSWERED, line, COMPLETED)
    assert call.ending == "answered"
    assert call.caller == "+79160000001"


def test_calls_that_never_end_are_bounded() -> None:
    log = QueueLog()
    lines = (
        (n, f"1795955001|c{n}|north|NONE|CALLENGINE|+7|TIMEOUT|\n".encode())
        for n in range(20_050)
    )
    assert list(log.read(lines)) == []
    assert log.oldest(10**9) == 50


# --- following the file --------------------------------------------------------------


class Follower:
    """One engine's life beside a log."""

    def __init__(self, folder: Path) -> None:
        self.log = QueueLog()
        self.tail = LogTail(folder / "queue_log", folder / "mark.json")

    def look(self) -> list[str]:
        ended = [call.channel for call in self.log.read(self.tail.lines())]
        if self.tail.rotated:
            self.log.forget()
        self.tail.keep(self.log.oldest(self.tail.offset))
        return ended


def write(folder: Path, lines: Sequence[str], name: str = "queue_log") -> None:
    with (folder / name).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_what_was_before_the_first_start_is_not_booked(tmp_path: Path) -> None:
    write(tmp_path, [BEGUN, ENTERED, ANSWERED, COMPLETED])
    follower = Follower(tmp_path)
    assert follower.look() == []
    write(tmp_path, [BEGUN, ENTERED, ANSWERED, COMPLETED])
    assert follower.look() == [CALL]
    assert follower.look() == []


def test_a_call_over_a_restart_of_the_engine_is_known(tmp_path: Path) -> None:
    write(tmp_path, ["earlier"])
    first = Follower(tmp_path)
    first.look()
    write(tmp_path, [BEGUN, ENTERED, ANSWERED])
    assert first.look() == []
    second = Follower(tmp_path)
    write(tmp_path, [COMPLETED])
    assert second.look() == [CALL]


def test_an_outage_is_booked_by_the_engine_that_comes_after(tmp_path: Path) -> None:
    write(tmp_path, ["earlier"])
    Follower(tmp_path).look()
    write(tmp_path, [BEGUN, ENTERED, ANSWERED, COMPLETED])
    assert Follower(tmp_path).look() == [CALL]
    assert Follower(tmp_path).look() == []


@pytest.mark.parametrize("restarted", [False, True])
def test_rotation_loses_no_call(tmp_path: Path, restarted: bool) -> None:
    write(tmp_path, ["earlier"])
    follower = Follower(tmp_path)
    follower.look()
    write(tmp_path, [BEGUN, ENTERED, ANSWERED])
    follower.look()
    (tmp_path / "queue_log").rename(tmp_path / "queue_log.0")
    write(tmp_path, [COMPLETED])
    if restarted:
        follower = Follower(tmp_path)
    seen = follower.look() + follower.look() + follower.look()
    assert seen == [CALL]


def test_a_file_that_was_emptied_is_read_from_its_beginning(tmp_path: Path) -> None:
    write(tmp_path, ["a long line of something that was there before"] * 50)
    follower = Follower(tmp_path)
    follower.look()
    (tmp_path / "queue_log").write_text("")
    write(tmp_path, [BEGUN, ENTERED, ANSWERED, COMPLETED])
    assert follower.look() == [CALL]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    write(tmp_path, ["earlier"])
    follower = Follower(tmp_path)
    follower.look()
    whole = "\n".join([BEGUN, ENTERED, ANSWERED, COMPLETED]) + "\n"
    with (tmp_path / "queue_log").open("a") as file:
        file.write(whole[:-10])
    assert follower.look() == []
    with (tmp_path / "queue_log").open("a") as file:
        file.write(whole[-10:])
    assert follower.look() == [CALL]


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    assert follower.look() == []
    write(tmp_path, [BEGUN, ENTERED, ANSWERED, COMPLETED])
    assert follower.look() == [CALL]


def test_a_broken_mark_begins_at_the_end(tmp_path: Path) -> None:
    write(tmp_path, [BEGUN, ENTERED, ANSWERED, COMPLETED])
    (tmp_path / "mark.json").write_text("{")
    assert Follower(tmp_path).look() == []
