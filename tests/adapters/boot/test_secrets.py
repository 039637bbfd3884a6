"""Secrets: made once, kept, and readable by their owner alone."""

import time
from pathlib import Path

import pytest

from callengine.boot.live_secrets import LiveSecrets
from callengine.boot.secrets import (
    SecretsError,
    load_secrets,
    rotate_secret,
    secrets_path,
)


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == first
    values = {first.ari_password, first.ami_password, first.admin_token}
    assert len(values) == 3
    assert all(len(value) >= 32 for value in values)


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    one, another = load_secrets(tmp_path / "one"), load_secrets(tmp_path / "another")
    assert one.ari_password != another.ari_password


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    assert secrets_path(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    secrets_path(tmp_path).chmod(0o644)
    with pytest.raises(SecretsError, match="chmod 600"):
        load_secrets(tmp_path)


def test_a_missing_value_is_made_and_the_admins_stay(tmp_path: Path) -> None:
    path = secrets_path(tmp_path)
    path.write_text('ari_password = "of-the-admin"\n')
    path.chmod(0o600)
    secrets = load_secrets(tmp_path)
    assert secrets.ari_password == "of-the-admin"
    assert load_secrets(tmp_path) == secrets


@pytest.mark.parametrize("value", ['"with space"', '"a;b"', "7", '"a\\nb"'])
def test_a_value_that_asterisk_cannot_hold_is_refused(
    tmp_path: Path, value: str
) -> None:
    path = secrets_path(tmp_path)
    path.write_text(f"ari_password = {value}\n")
    path.chmod(0o600)
    with pytest.raises(SecretsError, match="ari_password"):
        load_secrets(tmp_path)


def test_a_damaged_file_is_not_replaced_in_silence(tmp_path: Path) -> None:
    path = secrets_path(tmp_path)
    path.write_text("not toml at all\n")
    path.chmod(0o600)
    with pytest.raises(SecretsError, match="Cannot read"):
        load_secrets(tmp_path)
    assert path.read_text() == "not toml at all\n"


def test_secrets_do_not_show_in_logs(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path)
    assert secrets.ari_password not in repr(secrets)


def test_one_secret_rotates_and_the_old_one_is_good_for_the_overlap(
    tmp_path: Path,
) -> None:
    before = load_secrets(tmp_path)
    new = rotate_secret(tmp_path, "admin_token", 1000.0, 60.0)
    after = load_secrets(tmp_path)
    assert after.accepted("admin_token", 1059.0) == (new, before.admin_token)
    assert after.accepted("admin_token", 1060.0) == (new,)
    assert after.session_key == before.session_key
    assert secrets_path(tmp_path).stat().st_mode & 0o777 == 0o600


def test_what_asterisk_checks_changes_at_once(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    new = rotate_secret(tmp_path, "ari_password", 1000.0, 60.0)
    assert load_secrets(tmp_path).ari_password == new
    assert "ari_password_old" not in secrets_path(tmp_path).read_text()


def test_an_unknown_secret_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SecretsError, match="there are ari_password"):
        rotate_secret(tmp_path, "root_password", 0.0, 0.0)


def test_a_running_engine_sees_a_rotation_and_survives_a_damaged_file(
    tmp_path: Path,
) -> None:
    now = [1000.0]
    first = load_secrets(tmp_path)
    live = LiveSecrets(tmp_path, first, lambda: now[0])
    assert live.admin_tokens() == (first.admin_token,)
    new = rotate_secret(tmp_path, "admin_token", 1000.0, 60.0)
    assert live.admin_tokens() == (new, first.admin_token)
    now[0] = 1061.0
    assert live.admin_tokens() == (new,)
    secrets_path(tmp_path).write_text("damaged")
    assert live.admin_tokens() == (new,)


def test_sessions_of_before_the_session_key_are_good_for_a_shift(
    tmp_path: Path,
) -> None:
    path = secrets_path(tmp_path)
    path.write_text('admin_token = "of-the-installation-before"\n')
    path.chmod(0o600)
    kept = load_secrets(tmp_path)
    assert kept.accepted("session_key", time.time()) == (
        kept.session_key,
        "of-the-installation-before",
    )
    later = time.time() + 13 * 3600
    assert kept.accepted("session_key", later) == (kept.session_key,)
