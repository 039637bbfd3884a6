"""Netstrings of a phone's control port."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.phones.netstring import MAX_BYTES, BadNetstring, Decoder, encode


@given(
    payloads=st.lists(st.binary(max_size=200), max_size=8),
    cuts=st.lists(st.integers(min_value=0, max_value=2000), max_size=8),
)
def test_payloads_come_out_whole_however_the_bytes_are_cut(
    payloads: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(map(encode, payloads))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = Decoder()
    decoded: list[bytes] = []
    for start, end in pairwise(edges):
        decoded += decoder.feed(stream[start:end])
    assert decoded == payloads


def test_a_frame_is_held_back_until_its_comma_has_come() -> None:
    decoder = Decoder()
    assert decoder.feed(b"5:hello") == []
    assert decoder.feed(b",") == [b"hello"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x:", "no number"),
        (b":abc,", "no length"),
        (b"3:abcd,", "no comma"),
        (b"99999999999999", "length has no end"),
        (b"%d:" % (MAX_BYTES + 1), "too many"),
    ],
)
def test_what_is_no_netstring_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadNetstring, match=why):
        Decoder().feed(data)


@given(st.binary(max_size=400))
def test_garbage_is_refused_or_waited_for_but_never_crashes(data: bytes) -> None:
    try:
        Decoder().feed(data)
    except BadNetstring:
        return
