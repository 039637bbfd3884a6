"""What `callengine provision` writes, without an Asterisk."""

from pathlib import Path

import pytest

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.provision import (
    FallbackQueue,
    Member,
    Provision,
    diff_provision,
    render_provision,
    write_provision,
)
from tests.support.shops import make_account, make_shop

CONFIG = PbxConfig(home=Path("/nowhere"), ari_password="a", ami_password="b")


def lines(what: Provision, name: str) -> list[str]:
    """The lines of a rendered file."""
    return render_provision(what, CONFIG)[name].splitlines()


def test_every_file_says_who_wrote_it() -> None:
    for text in render_provision(Provision(), CONFIG).values():
        assert "written by `callengine provision`" in text


def test_an_agent_has_one_binding_and_a_login() -> None:
    written = lines(Provision(accounts=(make_account("anna"),)), "pjsip_agents.conf")
    assert "[anna](agent-phone)" in written
    assert "password = password-of-anna" in written
    assert "max_contacts = 1" in written


def test_a_fixed_address_is_written_only_where_given() -> None:
    accounts = (make_account("anna"), make_account("boris"))
    contacts = {"boris": "sip:boris@127.0.0.1:5090"}
    what = Provision(accounts=accounts, contacts=contacts)
    written = lines(what, "pjsip_agents.conf")
    assert [line for line in written if line.startswith("contact")] == [
        "contact = sip:boris@127.0.0.1:5090"
    ]


def test_a_queue_rings_the_agents_of_its_shop_alone() -> None:
    accounts = (make_account("anna"), make_account("boris", shops=("south",)))
    shops = (make_shop(), make_shop(shop="south", queue="south", numbers=()))
    written = lines(Provision(shops=shops, accounts=accounts), "queues_shops.conf")
    assert [line for line in written if line.startswith("member")] == [
        "member => PJSIP/anna,0,Anna,hint:anna@callengine-at-work",
        "member => PJSIP/boris,0,Boris,hint:boris@callengine-at-work",
    ]


def test_two_shops_may_share_a_queue() -> None:
    shops = (make_shop(), make_shop(shop="south", numbers=()))
    accounts = (make_account("anna", shops=("north", "south")),)
    written = lines(Provision(shops=shops, accounts=accounts), "queues_shops.conf")
    assert written.count("[north](fallback)") == 1
    assert len([line for line in written if line.startswith("member")]) == 1


def test_a_benchmark_may_bring_a_queue_of_its_own() -> None:
    queue = FallbackQueue(
        name="bench",
        title="Benchmark",
        members=(Member(endpoint="PJSIP/a1", name="A"),),
    )
    assert "[bench](fallback)" in lines(Provision(queues=(queue,)), "queues_shops.conf")


def test_names_cannot_leave_their_line() -> None:
    name = 'Анна "Neo"; drop\n[trunk]\ntype=endpoint <x>, \\'
    account = make_account("anna", name=name)
    what = Provision(shops=(make_shop(name=name),), accounts=(account,))
    for name_of_file, text in render_provision(what, CONFIG).items():
        assert "\n[trunk]" not in text or name_of_file == "pjsip_trunks.conf"
        assert "\ntype=endpoint" not in text
    written = lines(what, "pjsip_agents.conf")
    assert 'callerid = "Анна Neo drop [trunk] type=endpoint x," <anna>' in written


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"login": "anna;x"}, "login of agent"),
        ({"login": "trunk"}, "a name that Asterisk's files need"),
        ({"login": "ann a"}, "login of agent"),
        ({"login": ""}, "login of agent"),
        ({"login": "anna", "sip_password": "short"}, "SIP password"),
        ({"login": "anna", "sip_password": "long-enough;but"}, "SIP password"),
        ({"login": "anna", "sip_password": "long-enough\nx"}, "SIP password"),
    ],
)
def test_an_account_that_would_break_a_file_is_refused(
    account: dict[str, str], said: str
) -> None:
    what = Provision(accounts=(make_account(**account),))
    with pytest.raises(PbxError, match=said):
        render_provision(what, CONFIG)


def test_a_refused_password_is_not_shown() -> None:
    account = make_account("anna", sip_password="secret;secret")
    with pytest.raises(PbxError) as caught:
        render_provision(Provision(accounts=(account,)), CONFIG)
    assert "secret;secret" not in str(caught.value)


@pytest.mark.parametrize(
    "shop",
    [
        {"queue": "north]"},
        {"queue": "general"},
        {"numbers": ("84950000001",)},
        {"numbers": ("+7495000000,1",)},
        {"language": "ru)"},
        {"music": "a b"},
    ],
)
def test_a_shop_that_would_break_a_file_is_refused(shop: dict[str, object]) -> None:
    with pytest.raises(PbxError):
        render_provision(Provision(shops=(make_shop(**shop),)), CONFIG)


def test_one_number_cannot_belong_to_two_shops() -> None:
    shops = (make_shop(), make_shop(shop="south", queue="south"))
    with pytest.raises(PbxError, match="both north and south"):
        render_provision(Provision(shops=shops), CONFIG)


def test_two_agents_cannot_share_a_login() -> None:
    accounts = (make_account("anna"), make_account("anna", agent="a2"))
    with pytest.raises(PbxError, match="Two agents"):
        render_provision(Provision(accounts=accounts), CONFIG)


def test_the_diff_hides_passwords_and_still_tells_that_one_changed(
    tmp_path: Path,
) -> None:
    old = render_provision(Provision(accounts=(make_account("anna"),)), CONFIG)
    write_provision(old, tmp_path)
    assert diff_provision(old, tmp_path) == ""
    changed = make_account("anna", sip_password="another-password")
    new = render_provision(Provision(accounts=(changed,)), CONFIG)
    told = diff_provision(new, tmp_path)
    assert "passwords change" in told
    assert "another-password" not in told


def test_only_changed_files_are_written_and_reloaded(tmp_path: Path) -> None:
    write_provision(render_provision(Provision(), CONFIG), tmp_path)
    files = render_provision(Provision(shops=(make_shop(),)), CONFIG)
    assert write_provision(files, tmp_path) == ("dialplan reload", "queue reload all")
    assert (tmp_path / "queues_shops.conf").stat().st_mode & 0o077 == 0
