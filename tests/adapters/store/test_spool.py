"""Files for the time when the database is away: records that wait, what failed."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from callengine.store.spool import FileMishaps, FileSpool


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_lines_come_back_in_their_order_and_the_file_goes(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    spool = FileSpool(path)
    await spool.append([b"1", b"2"])
    await spool.append([b"3"])
    assert await spool.head(2) == [b"1", b"2"]
    assert await spool.head(2) == [b"1", b"2"]
    await spool.done(2)
    assert await spool.head(2) == [b"3"]
    await spool.done(1)
    assert await spool.head(2) == []
    assert not path.exists()


async def test_what_was_not_done_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    await FileSpool(path).append([b"1", b"2"])
    assert await FileSpool(path).head(9) == [b"1", b"2"]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_full_disk_keeps_all_lines_or_none(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "spool.jsonl")
    await spool.append([b"first"])
    with disk_of(100), pytest.raises(OSError, match="too large"):
        await spool.append([b"x" * 60, b"y" * 60])
    assert await spool.head(9) == [b"first"]
    await spool.append([b"second"])
    assert await spool.head(9) == [b"first", b"second"]


def test_what_is_set_aside_is_a_line_for_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "mishaps.jsonl"
    mishaps = FileMishaps(path)
    mishaps.keep({"part": "fact", "thing": "Иван", "error": "KeyError"})
    mishaps.close(wait=True)
    assert orjson.loads(path.read_bytes())["thing"] == "Иван"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_drops_what_is_set_aside_and_counts_it(tmp_path: Path) -> None:
    mishaps = FileMishaps(tmp_path / "mishaps.jsonl")
    with disk_of(0):
        mishaps.keep({"part": "fact"})
        mishaps.close(wait=True)
    assert mishaps.dropped == 1


def test_the_file_of_things_set_aside_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callengine.store.spool.MOST_BYTES", 1000)
    mishaps = FileMishaps(tmp_path / "mishaps.jsonl")
    for number in range(100):
        mishaps.keep({"part": "fact", "number": number, "text": "x" * 50})
    mishaps.close(wait=True)
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert sum(sizes) < 2500
