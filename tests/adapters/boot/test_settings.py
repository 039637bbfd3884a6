"""Settings: where they come from, and what is refused at the door."""

from pathlib import Path

import pytest

from callengine.boot.settings import SettingsError, load_settings
from callengine.boot.told import rules_of
from callengine.core.records import Outcome


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and no variables of ours."""
    import os

    for name in list(os.environ):
        if name.upper().startswith("CALLENGINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


NORTH = '[[trunks]]\nname = "north"\nhost = "sip.example"\n'


def refused(text: str = "", config: Path | None = None) -> str:
    """What `load_settings` complains of, with that in callengine.toml."""
    if text:
        Path("callengine.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(config)
    return str(caught.value)


def test_without_a_file_every_key_has_its_default(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.app_name == "callengine-n1"
    assert settings.var_dir == tmp_path / "var"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/var/callengine.db"
    assert settings.pbx.root_dir == tmp_path / ".cache" / "asterisk-root"


def test_the_file_changes_one_key_of_a_table_and_keeps_the_others() -> None:
    Path("callengine.toml").write_text("[api]\nport = 9000\n")
    settings = load_settings()
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 9000)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("callengine.toml").write_text("[api]\nport = 9000\nhost = '127.0.0.9'\n")
    monkeypatch.setenv("CALLENGINE_API__PORT", "9001")
    settings = load_settings()
    assert (settings.api.host, settings.api.port) == ("127.0.0.9", 9001)


def test_the_database_follows_var_dir_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALLENGINE_VAR_DIR", "/srv/calls")
    assert load_settings().database_url.endswith("////srv/calls/callengine.db")
    monkeypatch.setenv("CALLENGINE_DATABASE_URL", "postgresql+asyncpg://u@h/d")
    assert load_settings().database_url == "postgresql+asyncpg://u@h/d"


def test_another_file_is_named_by_option_or_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text('node = "n7"\n')
    assert load_settings(other).node == "n7"
    monkeypatch.setenv("CALLENGINE_CONFIG", str(other))
    assert load_settings().node == "n7"


def test_a_trunk_may_have_codes_of_its_own() -> None:
    Path("callengine.toml").write_text(
        f'{NORTH}[trunks.codes]\nsip = {{ 480 = "congested" }}\n'
        'cause = { 20 = "invalid" }\n'
    )
    codes = rules_of(load_settings()).trunks["north"].codes

    assert codes.by_sip == {480: Outcome.CONGESTED}
    assert codes.by_cause == {20: Outcome.INVALID}


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.api.port = 1


def test_a_file_that_is_not_there_is_an_error() -> None:
    assert "no settings file" in refused(config=Path("nowhere.toml"))


def test_broken_toml_is_told_with_its_place() -> None:
    assert "no valid TOML" in refused("node = \n")
    assert "line 1" in refused("node = \n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nod = "x"', "nod: no such setting. Did you mean node?"),
        ("[api]\nprt = 1", "api.prt: no such setting. Did you mean api.port?"),
        ("[api]\nport = 99999", "CALLENGINE_API__PORT"),
        ("[api]\nport = 'x'", "api.port"),
        ('node = "A B"', "node"),
        ('[ari]\nhost = "10.0.0.1"', "must be a loopback address"),
        ('[ami]\nhost = "asterisk"', "must be a loopback address"),
        ('[sip]\nhost = "pbx.example"', "is no IP address"),
        ('[trunk]\ncontact = "127.0.0.1"', "trunk.contact"),
        ("[rtp]\nfirst_port = 20000\nlast_port = 20010", "four ports"),
        ("[rtp]\nfirst_port = 10001", "must be even"),
        ('redis_url = "http://x"', "redis_url must begin with"),
        ('database_url = "mysql://x"', "database_url must begin with"),
        ('[pbx]\nprovision_dir = "/etc/asterisk"', "managed = false"),
        ("[timing]\nring_s = 0", "timing.ring_s"),
        (f'{NORTH}[trunks.codes.sip]\n200 = "busy"', "trunks.0.codes.sip.200"),
        (f'{NORTH}[trunks.codes.sip]\n480 = "bussy"', "trunks.0.codes.sip.480"),
        (f'{NORTH}[trunks.codes.sip]\n480 = "machine"', "'machine' takes an answer"),
        (f'{NORTH}[trunks.codes.cause]\n128 = "busy"', "trunks.0.codes.cause.128"),
        (f'{NORTH}codes = {{ 480 = "busy" }}', "trunks.0.codes.480: no such setting"),
        ('[trunks.north.sip]\n480 = "busy"', 'Write [[trunks]] with name = "north"'),
        ('[trunk]\naddress = "127.0.0.3"\n' + NORTH, "is the short form"),
        ('[[trunks]]\nname = "north"', "trunk north needs a host"),
        (f'{NORTH}kind = "register"', "trunk north needs a user"),
        (f'{NORTH}user = "x"', "is known by address alone"),
        (f"{NORTH}srtp = true", "srtp needs transport tls"),
        (f'{NORTH}takes = ["8495"]', "is no beginning of a number"),
        (f'{NORTH}password = "x"', "trunks.0.password: no such setting"),
        (f'{NORTH}numbers = {{ send = "plain" }}', "trunks.0.numbers.send"),
    ],
)
def test_an_impossible_value_is_refused_by_its_key(text: str, said: str) -> None:
    assert said in refused(text)


def test_an_asterisk_of_ones_own_may_be_elsewhere() -> None:
    Path("callengine.toml").write_text(
        '[ari]\nhost = "10.0.0.1"\n[pbx]\nmanaged = false\n'
        'provision_dir = "/etc/asterisk/callengine"\n'
    )
    assert load_settings().ari.host == "10.0.0.1"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CALLENGINE_API_PORT", "CALLENGINE_API__PORT"),
        ("CALLENGINE_REDISURL", "CALLENGINE_REDIS_URL"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_name_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "1")
    assert f"{name}: no such setting. Did you mean {meant}?" in refused()


def test_every_wrong_key_is_told_at_once() -> None:
    said = refused("[api]\nport = 0\n[agi]\nport = 0\n")
    assert "api.port" in said
    assert "agi.port" in said


def test_a_file_nested_without_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "callengine.toml"
    file.write_text("node = " + "[" * 5000)
    with pytest.raises(SettingsError, match="no valid TOML"):
        load_settings(file)


def test_a_wrong_address_with_a_password_does_not_tell_it(tmp_path: Path) -> None:
    file = tmp_path / "callengine.toml"
    address = "postgresql+asyncpg://callengine:hunter2@db/callengine"
    file.write_text(f'database_url = ["{address}"]\nredis_url = "http://:hunter2@r"\n')
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    assert "hunter2" not in str(refused.value)


def test_relative_paths_are_beside_the_settings_file(tmp_path: Path) -> None:
    place = tmp_path / "instance"
    place.mkdir()
    file = place / "callengine.toml"
    file.write_text('var_dir = "state"\n[pbx]\nsounds_dir = "../prompts"\n')
    settings = load_settings(Path("instance/callengine.toml"))
    assert settings.var_dir == place / "state"
    assert settings.database_url.endswith(f"///{place}/state/callengine.db")
    assert settings.pbx.dialplan_dir == place / "dialplan"
    assert settings.pbx.sounds_dir.resolve() == tmp_path / "prompts"
    file.write_text('database_url = "sqlite+aiosqlite:///mine.db"\n')
    assert load_settings(file).database_url.endswith(f":///{place}/mine.db")


def test_a_password_in_the_wrong_file_is_not_repeated_by_the_error() -> None:
    said = refused('[[trunks]]\nhost = "sip.example"\npassword = "geheim-8"\n')
    assert "trunks.0.name" in said
    assert "geheim-8" not in said
