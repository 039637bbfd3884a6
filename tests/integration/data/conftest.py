"""Commands on a database of the test's own."""

from pathlib import Path

import pytest

from callengine.boot.cli import main
from tests.support.commands import DEMO, Run, Said


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLENGINE_VAR_DIR", str(tmp_path / "var"))

    def call(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capfd.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def ready(run: Run) -> Run:
    """The same, with the sample shops applied."""
    assert run("migrate").code == 0
    assert run("apply", str(DEMO), "--secrets-out", "secrets.json").code == 0
    return run
