"""Whatever an admin types, no command ends in a traceback or without a word."""

from pathlib import Path

import pytest

from tests.support.commands import DEMO, Run

WORDS = [
    ["migrate", "--to", "nonsense"],
    ["migrate", "--to", ""],
    ["migrate", "--down", "--to", "nonsense"],
    ["migrate", "--down", "--to", "9999"],
    ["migrate", "--down"],
    ["check", "nowhere.toml"],
    ["check", "folder"],
    ["check", "binary.toml"],
    ["check", "deep.toml"],
    ["apply", "folder"],
    ["apply", "binary.toml"],
    ["apply", str(DEMO), "--secrets-out", "folder"],
    ["apply", str(DEMO), "--secrets-out", "words.csv/keys.json"],
    ["apply", str(DEMO), "--secrets-out", "binary.toml"],
    ["orders", "import", "folder", "--shop", "teplo"],
    ["orders", "import", "words.csv", "--shop", "nobody"],
    ["dnc", "add", "teplo", "nonsense"],
    ["dnc", "list", "nobody"],
    ["why", "nobody"],
    ["why", "\udcff"],
    ["outbox", "show", "nobody"],
    ["backup", "folder/../words.csv"],
    ["backup", "/proc/nowhere/backup"],
    ["backup", "var/backup"],
    ["restore", "folder"],
    ["restore", "words.csv"],
    ["restore", "nowhere"],
    ["init", "words.csv"],
    ["init", "words.csv/below"],
    ["init", "."],
    ["--config", "nowhere.toml", "migrate"],
    ["--config", "folder", "migrate"],
    ["--config", "binary.toml", "migrate"],
    ["--config", "deep.toml", "doctor"],
    ["pbx", "reload"],
    ["pbx", "cli", "x"],
]


@pytest.fixture
def things(tmp_path: Path) -> Path:
    """A folder with a folder, and files that are not what they should be."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.toml").touch()
    (tmp_path / "binary.toml").write_bytes(bytes(range(256)))
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    (tmp_path / "words.csv").write_text("not a table at all\n")
    return tmp_path


def test_every_one_is_refused_in_words(ready: Run, things: Path) -> None:
    wrong = {}
    for words in WORDS:
        said = ready(*words)
        silent = not said.err.strip() or "Traceback" in said.err + said.out
        if said.code not in {1, 2, 3} or silent:
            wrong[" ".join(words)] = (said.code, said.err)
    assert wrong == {}


def test_new_secrets_that_cannot_be_kept_are_not_made(run: Run, things: Path) -> None:
    assert run("migrate").code == 0
    refused = run("apply", str(DEMO), "--secrets-out", "words.csv/keys.json")
    assert "nothing was applied" in refused.err
    applied = run("apply", str(DEMO), "--secrets-out", "keys.json")
    assert "shop teplo" in applied.out.splitlines()[0]
