"""
Under which licences what we install stands, and whether we may ship with it.

    python scripts/licences.py           exit code 1 when a licence is not allowed, or
                                         docs/licences.md does not say what is installed
    python scripts/licences.py --write   write docs/licences.md

Licences are read from the metadata of the installed packages that the locks name; a
package of another platform is not installed and not listed.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"
ALLOWED = frozenset(
    (
        *("MIT", "MIT-0", "MIT-CMU", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause"),
        *("BSD", "Apache-2.0", "PSF-2.0", "Zlib", "CC0-1.0", "matplotlib"),
        # Weak: its own files stay under it, ours do not come under it.
        "MPL-2.0",
    )
)
NAMES = (
    (r"mit license|^mit$", "MIT"),
    (r"apache", "Apache-2.0"),
    (r"bsd[ -]2|bsd 2-clause", "BSD-2-Clause"),
    (r"bsd[ -]3|bsd 3-clause|kiwi licen", "BSD-3-Clause"),
    (r"bsd", "BSD"),
    (r"isc", "ISC"),
    (r"matplotlib project", "BSD-3-Clause"),
    (r"matplotlib", "matplotlib"),
    (r"python software|psf", "PSF-2.0"),
    (r"mozilla", "MPL-2.0"),
    (r"gnu general", "GPL-3.0-or-later"),
)
HEAD = """\
# Licences

What callengine installs, and under which licences it stands. `python
scripts/licences.py --write` writes this page; `make lint` fails when it is not true, or
when a licence is not on the list of those that Apache-2.0 may be shipped with. Asterisk
(GPL-2.0), SIPp (GPL-2.0), baresip (BSD-3-Clause), espeak-ng (GPL-3.0), SoX (GPL-2.0),
Redis and PostgreSQL are programs of their own: callengine talks to them and ships none.

| package | licence | |
| --- | --- | --- |
"""


def main() -> int:
    """Check, or write; the exit code."""
    rows = list(_rows())
    bad = [f"{name}: {licence}" for name, licence, _ in rows if not is_allowed(licence)]
    text = HEAD + "".join(f"| {n} | {lic} | {use} |\n" for n, lic, use in rows)
    for line in bad:
        print(f"licence is not allowed: {line}", file=sys.stderr)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(
            "docs/licences.md is not what is installed; run"
            " `python scripts/licences.py --write`",
            file=sys.stderr,
        )
        return 1
    return 1 if bad else 0


def _rows() -> Iterator[tuple[str, str, str]]:
    runs = _pins("requirements.lock")
    for name in sorted(runs | _pins("requirements-dev.lock")):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform
        yield name, licence_of(found), "" if name in runs else "checks and charts only"


def _pins(lock: str) -> set[str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)[^=<>!~\n]*==", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def licence_of(found: Distribution) -> str:
    """Name the licence of a package as SPDX does, `unknown` when it does not say."""
    expression = found.metadata.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in found.metadata.get_all("Classifier", [])
        if line.startswith("License ::") and not line.endswith("approved")
    ]
    named = sorted({_spdx(line) for line in classifiers} - {""})
    if named and named != ["BSD"]:
        return " OR ".join(named)
    text = (found.metadata.get("License") or "")[:120]
    return _spdx(text) or " OR ".join(named) or "unknown"


def _spdx(text: str) -> str:
    for pattern, name in NAMES:
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return ""


def is_allowed(expression: str) -> bool:
    """Say whether one of the choices is allowed in all its parts."""
    return any(
        all(part.strip("() ") in ALLOWED for part in choice.split(" AND "))
        for choice in expression.replace("(Apache-2.0 OR MIT)", "MIT").split(" OR ")
    )


if __name__ == "__main__":
    sys.exit(main())
