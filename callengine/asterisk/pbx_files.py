"""Render Asterisk's configuration files into its home."""

import os
import resource
import shutil
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined, TemplateError

from callengine.asterisk.pbx_config import PbxConfig, PbxError
from callengine.asterisk.trunk_files import render_trunks

TEMPLATE = ".j2"
HOME_IN_ROOT = Path("/pbx")
SHARED_PLACES = (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
"""Where builds of Asterisk keep sounds, music and documentation."""
MACHINE_CA = Path("/etc/ssl/certs/ca-certificates.crt")
"""Whom this machine trusts; Debian's package ca-certificates."""
MOST_FILES = 65536
FOLDERS = ("etc", "run", "log", "spool", "db", "data")
PROVISIONED = ("pjsip_agents.conf", "queues_shops.conf", "extensions_numbers.conf")
"""Written by `callengine provision`; included by our own files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """
    Paths as Asterisk sees them.

    Attributes:
        home: `PbxConfig.home`, or where it is mounted.
        shared: sounds, music and documentation that came with Asterisk.
    """

    home: Path
    shared: Path


def places(config: PbxConfig, root: Path | None) -> Places:
    """Where things are for an Asterisk in a private root, or without one."""
    for shared in SHARED_PLACES:
        seen_from_here = root / shared.relative_to("/") if root else shared
        if (seen_from_here / "documentation").is_dir():
            return Places(home=HOME_IN_ROOT if root else config.home, shared=shared)
    raise PbxError(
        f"Asterisk's documentation is in none of"
        f" {', '.join(str(root or '') + str(path) for path in SHARED_PLACES)}; ARI does"
        " not start without it. Install the package asterisk-config, or remove the"
        " private root and build it again."
    )


def render(config: PbxConfig, where: Places, *, root: Path | None = None) -> list[Path]:
    """
    Write every configuration file; files of the admin's own making stay.

    Returns:
        The files written.

    Raises:
        PbxError: a template is wrong or the home cannot be written.
    """
    try:
        _make_folders(config)
        _link_data(config, where, root)
        _write_hosts(config)
        _copy_keys(config)
        written = list(_render_files(config, where))
    except OSError as error:
        raise PbxError(
            f"Cannot write Asterisk's files: {error}. Does {config.home} belong to"
            " somebody else?"
        ) from error
    for name in PROVISIONED:
        path = config.provisioned / name
        if not path.exists():
            context = "[shop-numbers]\n" if name.startswith("extensions") else ""
            write_private(path, f"; Nothing yet. Do: callengine provision\n{context}")
    for name, text in render_trunks(config).items():
        write_private(config.provisioned / name, text)
    return written


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file at once or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _make_folders(config: PbxConfig) -> None:
    config.home.mkdir(parents=True, exist_ok=True)
    config.home.chmod(0o700)  # passwords inside
    for name in FOLDERS:
        (config.home / name).mkdir(exist_ok=True)


def _write_hosts(config: PbxConfig) -> None:
    # Asterisk looks its own name up for every SDP; without an entry that waits 5 s
    # for DNS in the SIP thread.
    (config.home / "hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")


def _copy_keys(config: PbxConfig) -> None:
    """Bring certificates to where Asterisk can see them; none that are gone stay."""
    folder = config.etc / "tls"
    shutil.rmtree(folder, ignore_errors=True)
    # res_crypto wants one, and a private root has none.
    (config.home / "db" / "keys").mkdir(exist_ok=True)
    sources = {
        "certificate": config.tls_certificate,
        "key": config.tls_key,
        "ca": config.tls_ca or (MACHINE_CA if "tls" in config.transports else None),
    }
    for name, source in sources.items():
        if source is not None:
            try:
                text = source.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise PbxError(
                    f"Cannot read {source}: {error}. sip.tls_{name} must name a PEM"
                    " file that this user can read."
                ) from error
            write_private(folder / f"{name}.pem", text)


def _link_data(config: PbxConfig, where: Places, root: Path | None) -> None:
    """Make a data folder that shows Asterisk's own files, and prompts beside them."""
    data = config.home / "data"
    seen_from_here = root / where.shared.relative_to("/") if root else where.shared
    theirs = seen_from_here / "sounds"
    beside = _links(seen_from_here, where.shared)
    beside.pop("sounds", None)
    link(data, beside, keep=("sounds",))
    sounds = _links(theirs, where.shared / "sounds") if theirs.is_dir() else {}
    link(data / "sounds", sounds, keep=("callengine",))
    prompts: dict[str, Path] = {}
    for folder, seen_as in mounted_sounds(config, root):
        prompts |= _links(folder, seen_as)
    link(data / "sounds" / "callengine", prompts)


def mounted_sounds(config: PbxConfig, root: Path | None) -> list[tuple[Path, Path]]:
    """Each folder of prompts that there is, and where Asterisk sees it."""
    return [
        (folder, HOME_IN_ROOT / "prompts" / str(number) if root else folder)
        for number, folder in enumerate(config.sounds_dirs)
        if folder.is_dir()
    ]


def _links(folder: Path, seen_as: Path) -> dict[str, Path]:
    """What a folder holds, as Asterisk sees it."""
    return {
        entry.name: seen_as / entry.name
        for entry in folder.iterdir()
        if not entry.name.startswith(".")
    }


def link(folder: Path, wanted: Mapping[str, Path], keep: Sequence[str] = ()) -> None:
    """
    Make a folder hold these links and nothing else, without a moment of lack.

    A running Asterisk reads it: what stays the same is not touched.
    """
    folder.mkdir(exist_ok=True)
    for entry in list(folder.iterdir()):
        if entry.name in wanted or entry.name in keep:
            continue
        _remove(entry)
    for name, target in wanted.items():
        place = folder / name
        if place.is_symlink() and place.readlink() == target:
            continue
        if place.is_dir() and not place.is_symlink():
            _remove(place)
        draft = folder / f".{name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        draft.replace(place)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _render_files(config: PbxConfig, where: Places) -> Iterator[Path]:
    environment = Environment(
        undefined=StrictUndefined,
        autoescape=False,  # not HTML; PbxConfig refuses what would hurt
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = {"pbx": config, "at": where, "max_files": _most_open_files()}
    dialplan = config.etc / "dialplan"
    if dialplan.is_dir():
        shutil.rmtree(dialplan)
    for folder, sources in (
        (config.etc, config.conf_dirs),
        (dialplan, config.dialplan_dirs),
    ):
        for source in _sources(sources):
            text = source.read_text(encoding="utf-8")
            if source.suffix == TEMPLATE:
                try:
                    text = environment.from_string(text).render(names)
                except TemplateError as error:
                    raise PbxError(f"{source} cannot be rendered: {error}") from error
            target = folder / source.name.removesuffix(TEMPLATE)
            write_private(target, text)
            yield target


def _sources(folders: Iterable[Path]) -> list[Path]:
    """One file per name; later folders win."""
    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise PbxError(f"There is no folder {folder}.")
        for path in sorted(folder.iterdir()):
            name = path.name.removesuffix(TEMPLATE)
            if name.endswith(".conf"):
                found[name] = path
    return list(found.values())


def _most_open_files() -> int:
    """Asterisk may not ask for more than this user's hard limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
