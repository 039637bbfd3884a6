"""Secrets: made once, kept, and readable by their owner alone."""

from pathlib import Path

import pytest

from callengine.boot.secrets import SecretsError, load_secrets, secrets_path


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
