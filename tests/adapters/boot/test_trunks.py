"""`callengine trunks` and what the settings say of trunks, without an Asterisk."""

import json
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from typer.testing import CliRunner

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.peers import OWN, REGISTER, TrunkPeer
from callengine.asterisk.provision import Provision, diff_provision, render_provision
from callengine.boot.cli import build_app
from callengine.boot.secrets import SecretsError
from callengine.boot.settings import load_settings
from callengine.boot.trunk_metrics import TrunkMetrics
from callengine.boot.trunk_passwords import passwords_path
from callengine.boot.trunks import peers_of, trunks_of
from callengine.core.trunks.trunk import ShownNumber, Trunk
from callengine.core.trunks.trunks import Trunks
from callengine.store.configuration.trunks import doubts_of_trunks
from tests.support.ports import free_port
from tests.support.shops import make_account

ACCOUNT = """
[[trunks]]
name = "msk"
kind = "register"
host = "sip.carrier.example"
user = "0440000101"

[trunks.numbers]
region = "UA"
send = "national"

[[trunks]]
name = "line"
host = "203.0.113.7"
inbound_login = true
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def does(*arguments: str, given: str = "", code: int = 0) -> str:
    """Run `callengine ...`, check its exit code, return what it said."""
    done = CliRunner().invoke(build_app(arguments), list(arguments), input=given)
    if (
        code != 0
        and done.exception is not None
        and not isinstance(done.exception, SystemExit)
    ):
        return str(done.exception)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_a_trunk_that_logs_in_needs_a_password_and_says_how_to_give_it() -> None:
    Path("callengine.toml").write_text(ACCOUNT)
    with pytest.raises(SecretsError, match="callengine trunks password msk"):
        peers_of(load_settings())


def test_a_password_is_read_from_the_input_and_kept_for_its_owner_alone() -> None:
    Path("callengine.toml").write_text(ACCOUNT)
    said = does("trunks", "password", "msk", given="geheim;8#x\n")
    assert "callengine provision" in said
    assert "geheim" not in said
    path = passwords_path(Path("var").absolute())
    assert path.stat().st_mode & 0o777 == 0o600
    msk, line = peers_of(load_settings())
    assert msk.password == "geheim;8#x"
    assert "geheim" not in repr(msk)
    # What the carrier logs in with is made, not defaulted, and can be shown to them.
    assert len(line.inbound_password) >= 24
    assert line.inbound_password in does("trunks", "password", "line", "--reveal")
    assert peers_of(load_settings())[1].inbound_password == line.inbound_password


def test_a_password_may_be_in_a_file_that_only_we_can_read() -> None:
    Path("callengine.toml").write_text(
        ACCOUNT.replace('user = "044', 'password_file = "msk.txt"\nuser = "044')
    )
    secret = Path("msk.txt")
    secret.write_text("from-a-file\n")
    secret.chmod(0o644)
    with pytest.raises(SecretsError, match="chmod 600"):
        peers_of(load_settings())
    secret.chmod(0o600)
    assert peers_of(load_settings())[0].password == "from-a-file"
    secret.write_text("two words")
    with pytest.raises(SecretsError) as caught:
        peers_of(load_settings())
    assert "two words" not in str(caught.value)


@pytest.mark.parametrize("text", ["msk = 'geheim'", "[msk]\nours = 'a b'", "[msk"])
def test_a_damaged_password_file_is_told_without_what_is_in_it(text: str) -> None:
    Path("callengine.toml").write_text(ACCOUNT)
    path = passwords_path(Path("var").absolute())
    path.parent.mkdir()
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SecretsError) as caught:
        peers_of(load_settings())
    assert "geheim" not in str(caught.value)
    assert "a b" not in str(caught.value)


@pytest.mark.parametrize("given", ["", " ", "two words\n", "x" * 200, "ключ\n"])
def test_a_password_that_asterisk_could_not_hold_is_refused(given: str) -> None:
    Path("callengine.toml").write_text(ACCOUNT)
    assert "1 to 128" in does("trunks", "password", "msk", given=given, code=1)


def test_a_trunk_that_is_not_there_is_told_with_those_that_are() -> None:
    Path("callengine.toml").write_text(ACCOUNT)
    assert "msk, line" in does("trunks", "password", "mks", given="x\n", code=3)


def test_a_semicolon_in_a_password_starts_no_comment_and_no_diff_shows_it() -> None:
    peer = TrunkPeer(
        name="msk", kind=REGISTER, host="h.example", user="u", password="geheim;8"
    )
    config = PbxConfig(
        home=Path("/nowhere"), ari_password="a", ami_password="b", trunks=(peer,)
    )
    files = render_provision(Provision(), config)
    assert "password = geheim\\;8" in files["pjsip_trunks.conf"]
    assert "geheim" not in diff_provision(files, Path("/nowhere"))


def test_an_agent_may_not_be_named_as_a_trunk_or_its_log_in() -> None:
    config = PbxConfig(
        home=Path("/nowhere"),
        ari_password="a",
        ami_password="b",
        trunks=(TrunkPeer(name="msk", host="h.example"),),
    )
    for login in ("msk", "msk-in", "msk-out"):
        what = Provision(accounts=(make_account(login),))
        with pytest.raises(PbxError, match="taken by the trunk msk"):
            render_provision(what, config)


@pytest.mark.parametrize(
    ("trunks", "said"),
    [
        ((("a", "203.0.113.7"), ("b", "203.0.113.7")), "both have the address"),
        ((("a", "203.0.113.7"), ("a", "203.0.113.8")), "Two trunks are named a"),
        ((("a", "127.0.0.1"),), "is Asterisk's own"),
    ],
)
def test_trunks_that_could_not_be_told_apart_are_refused(
    trunks: tuple[tuple[str, str], ...], said: str
) -> None:
    peers = tuple(TrunkPeer(name=name, host=host) for name, host in trunks)
    with pytest.raises(PbxError, match=said):
        PbxConfig(
            home=Path("/nowhere"), ari_password="a", ami_password="b", trunks=peers
        )


def test_a_trunk_of_the_admins_own_is_not_written() -> None:
    config = PbxConfig(
        home=Path("/nowhere"),
        ari_password="a",
        ami_password="b",
        trunks=(TrunkPeer(name="theirs", kind=OWN),),
    )
    text = render_provision(Provision(), config)["pjsip_trunks.conf"]
    assert "theirs" not in text


def test_without_an_engine_the_trunks_are_named_and_the_exit_code_says_so() -> None:
    Path("callengine.toml").write_text(f"{ACCOUNT}[api]\nport = {free_port()}\n")
    said = does("trunks", code=1)
    assert "msk" in said
    assert "the engine does not run" in said
    told = json.loads(does("trunks", "--json", code=1))
    assert [trunk["trunk"] for trunk in told["trunks"]] == ["msk", "line"]
    assert told["engine"] is False


def test_what_the_engine_tells_is_shown_with_the_last_failures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("callengine.toml").write_text(ACCOUNT)
    trunks = Trunks({name: Trunk(name=name, channels=4) for name in ("msk", "line")})
    msk, line = trunks.get("msk"), trunks.get("line")
    assert msk is not None
    assert line is not None
    for _ in range(5):
        msk.dialled(100)
        msk.broke(100, 503, "SIP 503")
    line.dialled(100)
    line.carried()
    line.ended(answered=True)

    async def engine(*_: object) -> list[dict[str, object]]:
        return trunks.snapshot(101)

    monkeypatch.setattr("callengine.boot.commands.trunks._ask", engine)
    said = does("trunks", code=1)
    assert "failed 5 times in a row, rests" in said
    assert "SIP 503" in said
    assert "1 (100%)" in said
    assert "1 of 4" in said
    for _ in range(5):
        msk.freed()
    msk.carried()
    assert "ready" in does("trunks")
    told = json.loads(does("trunks", "--json"))
    assert told["engine"] is True
    assert told["trunks"][0]["failures"][0]["code"] == 503


class Told:
    """An engine as far as metrics need it."""

    owner = object()

    def __init__(self, trunks: Trunks) -> None:
        self._trunks = trunks

    def trunks(self) -> list[dict[str, object]]:
        """Tell how each does."""
        return self._trunks.snapshot(100.0)


def test_each_trunk_has_its_metrics() -> None:
    trunks = Trunks({name: Trunk(name=name) for name in ("msk", "line")})
    msk = trunks.get("msk")
    assert msk is not None
    msk.dialled(100)
    msk.carried()
    msk.ended(answered=True)
    msk.registered = False
    registry = CollectorRegistry()
    registry.register(TrunkMetrics(Told(trunks)))  # type: ignore[arg-type]
    text = generate_latest(registry).decode()
    assert 'callengine_trunk_calls{trunk="msk"} 1.0' in text
    assert 'callengine_trunk_answered_total{trunk="msk"} 1.0' in text
    assert 'callengine_trunk_registered{trunk="msk"} 0.0' in text
    assert 'callengine_trunk_registered{trunk="line"}' not in text


# --- what `check` says ---

MSK, SPB = "+74950000101", "+78120000101"
KNOWN = {
    "msk": Trunk(name="msk", takes=("+7",), shown=(ShownNumber(number=MSK),)),
    "kyiv": Trunk(name="kyiv", takes=("+380",)),
}


@pytest.mark.parametrize(
    ("names", "caller_id", "said"),
    [
        (("msk",), MSK, []),
        ((), MSK, []),
        (("mks",), MSK, ["no trunk mks; did you mean msk?", "has no trunk"]),
        (("msk",), SPB, ["may show +78120000101"]),
        (("msk", "kyiv"), SPB, []),
        (("kyiv",), MSK, ["takes numbers such as its own"]),
    ],
)
def test_check_explains_what_an_order_will_meet(
    names: tuple[str, ...], caller_id: str, said: list[str]
) -> None:
    doubts = list(doubts_of_trunks("teplo", names, caller_id, KNOWN))
    assert len(doubts) == len(said)
    assert all(part in doubt for part, doubt in zip(said, doubts, strict=True))


def test_nothing_is_said_of_an_asterisk_of_the_admins_own() -> None:
    Path("callengine.toml").write_text(
        '[pbx]\nmanaged = false\nprovision_dir = "/etc/asterisk/callengine"\n'
    )
    known = trunks_of(load_settings())
    assert list(doubts_of_trunks("teplo", ("theirs",), MSK, known)) == []
