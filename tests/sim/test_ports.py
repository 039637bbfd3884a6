"""Free ports for a run."""

import socket
import subprocess
import sys

import pytest

from sim.ports import EPHEMERAL, LOWEST, claim_udp_range, free_ports, free_udp_range


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_free_ports_differ_can_be_bound_and_are_not_the_kernels(
    kind: socket.SocketKind,
) -> None:
    ports = free_ports(20, kind=kind)
    assert len(set(ports)) == 20
    for port in ports:
        assert LOWEST <= port < EPHEMERAL
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.bind(("127.0.0.1", port))


def test_a_range_begins_even_and_leaves_out_what_is_taken() -> None:
    start = free_udp_range(10, first=20_001)
    assert start % 2 == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", start + 4))
        after = free_udp_range(10, first=start)
        assert after > start + 4


def test_where_there_is_no_room_it_says_so() -> None:
    with pytest.raises(OSError, match="in a row"):
        free_udp_range(10, first=LOWEST, last=LOWEST + 5)


THEIRS = (
    "from sim.ports import claim_udp_range;"
    "print(claim_udp_range(1500, first=40_000, last=60_000).first)"
)
"""What another run does."""


def another_runs_first() -> int:
    argv = [sys.executable, "-c", THEIRS]
    done = subprocess.run(argv, check=True, capture_output=True, timeout=60)
    return int(done.stdout)


def test_two_runs_that_look_at_one_place_do_not_meet() -> None:
    mine = claim_udp_range(1500, first=40_000, last=60_000)
    theirs = another_runs_first()
    assert theirs >= mine.first + 1500 or theirs + 1500 <= mine.first


def test_a_claim_is_over_when_nobody_holds_it() -> None:
    for _ in range(100):  # many more than there are ports
        claim_udp_range(1500, first=40_000, last=60_000)


def test_who_passes_over_taken_ports_needs_only_the_claim() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        first = taken.getsockname()[1] // 1000 * 1000
        one = claim_udp_range(1000, first=first, last=60_000, all_free=False)
        other = claim_udp_range(1000, first=first, last=60_000, all_free=False)
    assert abs(one.first - other.first) >= 1000
