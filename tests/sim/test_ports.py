"""Free ports for a run."""

import socket

import pytest

from sim.ports import EPHEMERAL, LOWEST, free_ports, free_udp_range


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
