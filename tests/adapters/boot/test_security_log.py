"""The security log: bounded, one line each, nothing of others at its beginning."""

import json
import re
from pathlib import Path

from callengine.boot import security_log
from callengine.boot.security_log import SecurityLog

FAIL2BAN = re.compile(
    r'^\{"at":"[^"]+","event":'
    r'"(?:wrong password|wrong key|wrong token|too many tries)",'
    r'"address":"(?P<host>[0-9a-fA-F.:]+)"'
)


def test_a_line_is_what_the_guides_filter_matches(tmp_path: Path) -> None:
    log = SecurityLog(tmp_path, lambda: 1_800_000_000.0)
    log.note("wrong password", address="203.0.113.9", login="anna")
    (line,) = log.path.read_text().splitlines()
    match = FAIL2BAN.match(line)
    assert match is not None
    assert match["host"] == "203.0.113.9"
    guide = Path(security_log.__file__).parents[2] / "docs" / "admin-guide.md"
    assert "wrong password|wrong key|wrong token|too many tries" in guide.read_text()


def test_what_others_wrote_neither_begins_a_line_nor_forges_an_address(
    tmp_path: Path,
) -> None:
    log = SecurityLog(tmp_path, lambda: 0.0)
    evil = '","address":"198.51.100.1"}\n{"at":"x","event":"wrong key"\u2028\u202e'
    log.note("wrong password", address="203.0.113.9", login=evil * 50)
    (line,) = log.path.read_text().splitlines()
    assert json.loads(line)["address"] == "203.0.113.9"
    match = FAIL2BAN.match(line)
    assert match is not None
    assert match["host"] == "203.0.113.9"


def test_it_never_grows_beyond_its_files(tmp_path: Path, monkeypatch: object) -> None:
    log = SecurityLog(tmp_path, lambda: 0.0)
    for _ in range(8):
        log.path.write_bytes(b"x" * security_log.LARGEST)
        log.note("wrong key", address="203.0.113.9")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"security.log.{n}" for n in range(1, security_log.KEPT + 1)]


def test_what_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "security.log").mkdir()
    SecurityLog(tmp_path, lambda: 0.0).note("wrong key", address="203.0.113.9")
