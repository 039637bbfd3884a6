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


def test_two_runs_that_look_at_one_place_do_not_meet() -> None:
    mine = claim_udp_range(1500, first=40_000, last=60_000)
    program = (
        "from sim.ports import claim_udp_range;"
        "print(claim_udp_range(1500, first=40_000, last=60_000))"
    )
    found = []
    for _run in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, timeout=60
        )
        found.append(int(done.stdout))
    assert all(theirs >= mine + 1500 or theirs + 1500 <= mine for theirs in found)
