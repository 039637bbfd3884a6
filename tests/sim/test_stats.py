"""Reading SIPp's statistics and the log lines of our scenarios."""

from pathlib import Path

from sim.sipp.stats import Counts, Moment, parse_counts, parse_moments, read_moments

HEAD = (
    "StartTime;TotalCallCreated;CurrentCall;SuccessfulCall(P);SuccessfulCall(C);"
    "FailedCall(P);FailedCall(C);FailedTimeoutOnRecv(P);FailedTimeoutOnRecv(C);"
    "Retransmissions(P);Retransmissions(C);ResponseTime1(P);\n"
)
FIRST = "2026-11-21 20:28:29;1;1;0;0;0;0;0;0;0;0;00:00:00:000000;\n"
LAST = "2026-11-21 20:28:29;9;2;1;5;1;2;1;2;0;3;00:00:00:000000;\n"


def test_totals_come_from_the_last_line() -> None:
    assert parse_counts(HEAD + FIRST + LAST) == Counts(
        created=9,
        running=2,
        successful=5,
        failed=2,
        retransmissions=3,
        failures=(("FailedTimeoutOnRecv", 2),),
    )


def test_a_line_that_is_still_being_written_is_not_read() -> None:
    assert parse_counts(HEAD + FIRST + LAST[:30]).created == 1


def test_nothing_written_yet_is_nothing_counted() -> None:
    assert parse_counts("") == Counts()
    assert parse_counts(HEAD) == Counts()


def test_moments_tell_what_who_when_and_more() -> None:
    text = (
        "rang a17 2026-11-21\t20:36:36.668707\t1795293396.668707 +79160000001\n"
        "some other line\n"
        "left  2026-11-21\t20:36:36.668707\t1795293396.5\n"
        "bad who 2026-11-21\t20:36:36\tnot-a-number\n"
    )
    assert list(parse_moments(text)) == [
        Moment("rang", "a17", 1795293396.668707, "+79160000001"),
        Moment("left", "", 1795293396.5),
    ]


def test_a_log_cut_in_the_middle_of_a_line_gives_its_whole_lines(
    tmp_path: Path,
) -> None:
    log = tmp_path / "moments.log"
    assert read_moments(log) == []
    log.write_text("ended x 2026-11-21\t1:1\t5.0\nended y 2026-11-21\t1:1\t6.")
    assert [moment.who for moment in read_moments(log)] == ["x"]
