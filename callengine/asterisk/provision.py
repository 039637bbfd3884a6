"""
Write phones, queues, numbers and trunks into Asterisk's files.

Pure rendering first (`render_provision`), then a diff or an atomic write, then the
console commands that make Asterisk read what changed. Nothing restarts.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.pbx_files import PROVISIONED, write_private
from callengine.asterisk.peers import OWN, TrunkPeer
from callengine.asterisk.templating import environment
from callengine.asterisk.trunk_files import render_trunks
from callengine.core.roster import Shop
from callengine.core.trunks.formats import spellings
from callengine.engine.ports import PhoneAccount

RELOAD = {
    "pjsip_agents.conf": "module reload res_pjsip.so",
    "queues_shops.conf": "queue reload all",
    "extensions_numbers.conf": "dialplan reload",
    "pjsip_trunks.conf": "module reload res_pjsip.so",
    "extensions_trunks.conf": "dialplan reload",
}
"""What makes Asterisk read each file again."""
_RELOADED = ["module reload res_pjsip.so", "dialplan reload", "queue reload all"]
AT_WORK = "callengine-at-work"
"""Context of the hints that join an agent's phone and whether they are at work."""

RESERVED = frozenset(
    {
        *("global", "system", "trunk", "transport-udp"),
        *("agent-phone", "agent-login", "agent-binding", "general", "fallback"),
    }
)
"""Names of our own sections, which no login and no queue may take."""

LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
NUMBER = re.compile(r"\+[1-9][0-9]{3,14}")
PASSWORD = re.compile(r"[!-:<-~]{8,128}")
"""Printable ASCII but the semicolon, which begins a comment."""
CONTACT = re.compile(r"sips?:[!-:<-~]{1,200}")
MUSIC = re.compile(r"[A-Za-z0-9_-]{0,79}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    A phone that a queue rings.

    Attributes:
        state: what the queue looks at before; empty: the phone alone.
    """

    endpoint: str
    name: str
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackQueue:
    """A native queue and whom it rings."""

    name: str
    title: str
    music: str = "default"
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """
    What Asterisk must know.

    Attributes:
        contacts: login -> fixed SIP address, for phones that do not register.
        queues: queues beside the shops' own, such as a benchmark's.
    """

    shops: tuple[Shop, ...] = ()
    accounts: tuple[PhoneAccount, ...] = ()
    contacts: Mapping[str, str] = field(default_factory=dict)
    queues: tuple[FallbackQueue, ...] = ()


def render_provision(what: Provision, config: PbxConfig) -> dict[str, str]:
    """
    Make the files.

    Returns:
        File name -> text; the names are those of `RELOAD`.

    Raises:
        PbxError: a name, number or password that Asterisk's files cannot hold, two
            shops with one number, or a phone named as a trunk.
    """
    _check(what)
    _check_names(what.accounts, config.peers)
    made = environment()
    values = {
        "pbx": config,
        "accounts": sorted(what.accounts, key=lambda account: account.login),
        "contacts": what.contacts,
        "encrypted": encrypted(what.accounts, config),
        "queues": [*_shop_queues(what), *what.queues],
        "numbers": _numbers(what.shops),
        "trunks": [peer for peer in config.peers if peer.kind != OWN],
        "spelt": lambda number, trunk: spellings(number, trunk.numbers),
    }
    own = {name: made.get_template(f"{name}.j2").render(values) for name in PROVISIONED}
    return own | render_trunks(config)


def encrypted(accounts: Iterable[PhoneAccount], config: PbxConfig) -> frozenset[str]:
    """
    The logins of phones that must encrypt their sound.

    Raises:
        PbxError: there is one, and no TLS to send the keys by.
    """
    logins = frozenset(
        account.login
        for account in accounts
        if (config.phones_srtp if account.srtp is None else account.srtp)
    )
    if logins and config.provision_dir is None and not config.phones_tls:
        raise PbxError(
            f"The phone of {min(logins)} is to encrypt (srtp = true), but its keys"
            " would travel in the clear. Set phones.tls = true and sip.tls_certificate,"
            " or take srtp from the agent."
        )
    return logins


def shop_members(what: Provision, shop: Shop) -> tuple[Member, ...]:
    """The agents who serve a shop, by login."""
    accounts = sorted(what.accounts, key=lambda account: account.login)
    return tuple(
        Member(
            endpoint=f"PJSIP/{account.login}",
            name=account.name,
            state=f"hint:{account.login}@{AT_WORK}",
        )
        for account in accounts
        if shop.shop in account.shops
    )


def diff_provision(files: Mapping[str, str], folder: Path) -> str:
    """What would change, as a unified diff without passwords; '' for nothing."""
    lines: list[str] = []
    for name, text in files.items():
        lines += difflib.unified_diff(
            _hide_passwords(_read(folder / name)),
            _hide_passwords(text),
            fromfile=str(folder / name),
            tofile="database",
            lineterm="",
        )
        if _read(folder / name) != text and not lines:
            lines.append(f"{folder / name}: passwords change")
    return "\n".join(lines)


def write_provision(
    files: Mapping[str, str], folder: Path, *, mode: int = 0o600
) -> tuple[str, ...]:
    """
    Write the files that changed, each at once or not at all.

    Args:
        mode: of the files; they hold passwords.

    Returns:
        The console commands that make Asterisk read them.

    Raises:
        PbxError: the folder cannot be written.
    """
    changed = [name for name in files if _read(folder / name) != files[name]]
    try:
        for name in changed:
            write_private(folder / name, files[name], mode=mode)
    except OSError as error:
        raise PbxError(f"Cannot write into {folder}: {error}") from error
    # The dialplan before the queues, whose members look at its hints.
    return tuple(sorted({RELOAD[name] for name in changed}, key=_RELOADED.index))


def _shop_queues(what: Provision) -> list[FallbackQueue]:
    queues: dict[str, FallbackQueue] = {}
    for shop in sorted(what.shops, key=lambda shop: shop.shop):
        same = queues.get(shop.queue)
        members = (same.members if same else ()) + shop_members(what, shop)
        queues[shop.queue] = FallbackQueue(
            name=shop.queue,
            title=f"{same.title}, {shop.name}" if same else shop.name,
            music=shop.music or "default",
            members=tuple(dict.fromkeys(members)),
        )
    return list(queues.values())


def _numbers(shops: Iterable[Shop]) -> list[dict[str, str]]:
    return [
        {
            "number": number,
            "queue": shop.queue,
            "language": shop.language,
            "title": shop.name,
        }
        for shop in sorted(shops, key=lambda shop: shop.shop)
        for number in shop.numbers
    ]


def _check(what: Provision) -> None:
    owners: dict[str, str] = {}
    for shop in what.shops:
        _demand(QUEUE, shop.queue, f"The queue of shop {shop.shop}")
        _demand(LANGUAGE, shop.language, f"The language of shop {shop.shop}")
        _demand(MUSIC, shop.music, f"The music of shop {shop.shop}")
        for number in shop.numbers:
            _demand(NUMBER, number, f"A dialled number of shop {shop.shop}")
            other = owners.setdefault(number, shop.shop)
            if other != shop.shop:
                raise PbxError(f"{number} is dialled for both {other} and {shop.shop}.")
    _check_accounts(what.accounts, what.contacts)
    for queue in what.queues:
        _demand(QUEUE, queue.name, "A queue")


def _check_accounts(
    accounts: Sequence[PhoneAccount], contacts: Mapping[str, str]
) -> None:
    logins: set[str] = set()
    for account in accounts:
        _demand(LOGIN, account.login, f"The login of agent {account.agent}")
        _demand(
            PASSWORD,
            account.sip_password,
            f"The SIP password of agent {account.login}",
            secret=True,
        )
        if account.login in logins:
            raise PbxError(f"Two agents have the login {account.login}.")
        logins.add(account.login)
    for login, contact in contacts.items():
        _demand(CONTACT, contact, f"The fixed address of {login}")


def _check_names(accounts: Sequence[PhoneAccount], peers: Sequence[TrunkPeer]) -> None:
    """Refuse a phone that would be the carrier, or the carrier's password."""
    taken = {f"{p.name}{part}": p.name for p in peers for part in ("", "-in", "-out")}
    for account in accounts:
        trunk = taken.get(account.login)
        if trunk is not None:
            raise PbxError(
                f"The login of agent {account.login} is taken by the trunk {trunk}."
                " Name one of them otherwise."
            )


def _demand(
    pattern: re.Pattern[str], value: str, what: str, *, secret: bool = False
) -> None:
    shown = "***" if secret else repr(value)
    if not pattern.fullmatch(value):
        raise PbxError(
            f"{what} is {shown}; Asterisk's files can hold only {pattern.pattern}."
        )
    if value in RESERVED:
        raise PbxError(f"{what} is {shown}, a name that Asterisk's files need.")


def _hide_passwords(text: str) -> list[str]:
    return re.sub(r"(?m)^(password = ).*$", r"\1***", text).splitlines()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
