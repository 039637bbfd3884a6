"""Which Asterisk is run, and which is refused."""

import shutil
from pathlib import Path

import pytest

from callengine.asterisk import pbx_find
from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.pbx_find import check_version, find_asterisk, parse_version


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Asterisk but what a test puts there."""
    monkeypatch.setattr(pbx_find, "USUAL_PLACES", ())
    monkeypatch.setattr(pbx_find, "installed_binaries", list)


def program(path: Path, says: str, code: int = 0) -> Path:
    """A program that answers `-V`."""
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def config(tmp_path: Path, **changes: object) -> PbxConfig:
    """A configuration without a private root."""
    values: dict[str, object] = {
        "home": tmp_path / "home",
        "ari_password": "a",
        "ami_password": "b",
        "root_dir": tmp_path / "root",
    }
    return PbxConfig(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", (22, 10, 1)),
        ("Asterisk 22.10.1~dfsg", (22, 10, 1)),
        ("Asterisk 23.4.1", (23, 4, 1)),
        ("Asterisk certified/22.10.2-cert1", (22, 10, 2)),
        ("Asterisk 22.11", (22, 11, 0)),
    ],
)
def test_versions_are_read_as_builders_write_them(
    text: str, version: tuple[int, int, int]
) -> None:
    assert parse_version(text) == version
    check_version(text, "it")


@pytest.mark.parametrize("release", ["22.10.0", "22.9.9", "20.20.1", "23.4.0"])
def test_an_asterisk_too_old_is_refused_with_what_to_do(release: str) -> None:
    with pytest.raises(PbxError, match=r"Asterisk too old.*callengine pbx install"):
        check_version(f"Asterisk {release}", "/usr/sbin/asterisk")


def test_a_build_without_a_release_number_proves_nothing() -> None:
    with pytest.raises(PbxError, match="names no Asterisk release"):
        parse_version("Asterisk GIT-master-6a2f1c")


def test_the_binary_that_the_admin_named_is_run(tmp_path: Path) -> None:
    binary = program(tmp_path / "asterisk", "Asterisk 22.10.1")
    found = find_asterisk(config(tmp_path, binary=str(binary)))
    assert (found.binary, found.version, found.root) == (binary, "22.10.1", None)


def test_a_named_binary_that_is_too_old_is_not_replaced_by_another(
    tmp_path: Path,
) -> None:
    binary = program(tmp_path / "asterisk", "Asterisk 20.1.0")
    with pytest.raises(PbxError, match=r"too old: .*20\.1\.0"):
        find_asterisk(config(tmp_path, binary=str(binary)))


def test_a_named_binary_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PbxError, match=r"pbx\.binary"):
        find_asterisk(config(tmp_path, binary="/nowhere/asterisk"))


def test_a_binary_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    binary = program(tmp_path / "asterisk", "x", code=4)
    with pytest.raises(PbxError, match="Cannot run"):
        find_asterisk(config(tmp_path, binary=str(binary)))


def test_an_installed_one_that_is_too_old_is_named_when_nothing_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = program(tmp_path / "asterisk", "Asterisk 20.1.0")
    monkeypatch.setattr(pbx_find, "installed_binaries", lambda: [old])
    with pytest.raises(PbxError, match=r"20\.1\.0.*No Asterisk to run"):
        find_asterisk(config(tmp_path))


def test_without_any_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(PbxError, match="callengine pbx install"):
        find_asterisk(config(tmp_path))


def test_a_private_root_without_bwrap_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_path = tmp_path / "root" / "usr" / "sbin"
    program_path.mkdir(parents=True)
    program(program_path / "asterisk", "Asterisk 22.10.1")
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    with pytest.raises(PbxError, match="apt-get install bubblewrap"):
        find_asterisk(config(tmp_path))
