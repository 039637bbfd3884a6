"""Building the private root: whole or not at all."""

import os
import shutil
from pathlib import Path

import pytest

from callengine.asterisk import root
from callengine.asterisk.pbx_config import PbxError
from callengine.asterisk.root import build_command, build_root


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH for programs of a test."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def program(path: Path, *lines: str) -> None:
    """A shell script."""
    path.write_text("\n".join(["#!/bin/bash", *lines, ""]))
    path.chmod(0o755)


BUILDS = """\
for target; do :; done
root="$target"
[[ $target == *.tar ]] && root="$(mktemp -d)"
mkdir -p "$root/usr/sbin"
echo "I: building"
"""
FITS = 'touch "$root/usr/sbin/asterisk"'
ENDS = '[[ $root == "$target" ]] || { tar -C "$root" -cf "$target" .; rm -r "$root"; }'
"""A mmdebstrap that makes its last argument, a folder or an archive."""


def test_a_root_is_built_aside_and_appears_whole(tools: Path, tmp_path: Path) -> None:
    program(tools / "mmdebstrap", BUILDS, FITS, ENDS)
    said: list[str] = []
    build_root(tmp_path / "cache" / "root", "sid", "", said.append)
    assert (tmp_path / "cache" / "root" / "usr" / "sbin" / "asterisk").exists()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["root"]
    assert any("I: building" in line for line in said)


def test_a_failed_build_leaves_nothing_and_shows_the_last_words(
    tools: Path, tmp_path: Path
) -> None:
    program(tools / "mmdebstrap", BUILDS, "echo 'E: no such mirror' >&2", "exit 25")
    with pytest.raises(PbxError, match=r"failed \(25\)(.|\n)*E: no such mirror"):
        build_root(tmp_path / "cache" / "root", "sid", "", lambda _line: None)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_failed_build_keeps_the_root_that_was_there(
    tools: Path, tmp_path: Path
) -> None:
    old = tmp_path / "cache" / "root"
    old.mkdir(parents=True)
    (old / "old").touch()
    program(tools / "mmdebstrap", "exit 1")
    with pytest.raises(PbxError):
        build_root(old, "sid", "", lambda _line: None)
    assert (old / "old").exists()


def test_a_suite_without_asterisk_is_named(tools: Path, tmp_path: Path) -> None:
    program(tools / "mmdebstrap", BUILDS, ENDS)
    with pytest.raises(PbxError, match="Suite bookworm has no Asterisk"):
        build_root(tmp_path / "cache" / "root", "bookworm", "", lambda _line: None)
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_a_killed_build_left_is_removed(tools: Path, tmp_path: Path) -> None:
    stale = tmp_path / "cache" / ".root.12345"
    stale.mkdir(parents=True)
    program(tools / "mmdebstrap", BUILDS, FITS, ENDS)
    build_root(tmp_path / "cache" / "root", "sid", "", lambda _line: None)
    assert not stale.exists()


def test_an_archive_of_a_killed_build_is_removed(tools: Path, tmp_path: Path) -> None:
    stale = tmp_path / "cache" / ".root.12345.tar"
    stale.parent.mkdir()
    stale.touch()
    program(tools / "mmdebstrap", BUILDS, FITS, ENDS)
    build_root(tmp_path / "cache" / "root", "sid", "", lambda _line: None)
    assert not stale.exists()


def test_an_ordinary_users_root_comes_as_an_archive(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tools / "mmdebstrap", BUILDS, FITS, ENDS)
    program(tools / "newuidmap")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(root, "_has_subordinate_ids", lambda: True)
    build_root(tmp_path / "cache" / "root", "sid", "", lambda _line: None)
    assert (tmp_path / "cache" / "root" / "usr" / "sbin" / "asterisk").exists()
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["root"]


def test_missing_tools_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    with pytest.raises(PbxError, match=r"apt-get install mmdebstrap bubblewrap"):
        build_root(tmp_path / "root", "sid", "", lambda _line: None)


def test_the_machines_own_apt_settings_are_passed_on_and_no_others(
    tools: Path,
) -> None:
    program(
        tools / "apt-config",
        "cat <<'E'",
        'Acquire::Check-Valid-Until "false";',
        'Acquire::http::Proxy "http://proxy.example:3128";',
        'Acquire::AllowInsecureRepositories "1";',
        "E",
    )
    options = [
        part for part in build_command(Path("/x"), "sid", "") if "--aptopt" in part
    ]
    assert options == [
        '--aptopt=Acquire::Check-Valid-Until "false"',
        '--aptopt=Acquire::http::Proxy "http://proxy.example:3128"',
    ]


@pytest.mark.parametrize(("user", "unshared"), [(0, False), (1000, True)])
def test_only_an_ordinary_user_needs_namespaces(
    monkeypatch: pytest.MonkeyPatch, user: int, unshared: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--mode=unshare" in build_command(Path("/x"), "sid", "")) is unshared


def test_a_mirror_is_named_only_by_the_admin() -> None:
    assert build_command(Path("/x"), "sid", "")[-1] == "/x"
    named = build_command(Path("/x"), "sid", "https://archive.example/debian")
    assert named[-2:] == ["/x", "https://archive.example/debian"]
