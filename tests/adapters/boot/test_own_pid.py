"""One engine per folder: who is refused changes nothing."""

import os
from pathlib import Path

import pytest

from callengine.boot.own_pid import Occupied, PidFile


def test_a_second_start_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    path = tmp_path / "var" / "engine.pid"
    first = PidFile(path)
    first.take()
    with pytest.raises(Occupied, match=str(os.getpid())):
        PidFile(path).take()
    assert path.read_text() == f"{os.getpid()}\n"


def test_a_file_left_by_a_killed_engine_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "engine.pid"
    path.write_text("4194304\nand more than a number ever was")
    PidFile(path).take()
    assert path.read_text() == f"{os.getpid()}\n"


def test_after_an_end_the_file_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "engine.pid"
    own = PidFile(path)
    own.take()
    own.let_go()
    assert path.read_text() == ""
    PidFile(path).take()


def test_a_child_that_closes_it_does_not_unlock_it_for_its_parent(
    tmp_path: Path,
) -> None:
    path = tmp_path / "engine.pid"
    parents = PidFile(path)
    parents.take()
    child = os.fork()
    if child == 0:
        parents.close()
        os._exit(0)
    os.waitpid(child, 0)
    with pytest.raises(Occupied):
        PidFile(path).take()
