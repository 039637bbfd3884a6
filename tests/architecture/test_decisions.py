"""Decision records: one number each, and whoever names one names one that there is."""

import re
from collections import Counter

from tests.architecture.tree import ROOT, tracked

ADRS = sorted((ROOT / "docs/adr").glob("*.md"))
NAMED = re.compile(r"\bADR[ -](\d{1,4})\b")


def test_no_two_decisions_have_one_number() -> None:
    numbers = Counter(path.name[:4] for path in ADRS)

    assert [number for number, count in numbers.items() if count > 1] == []


def test_a_decision_begins_with_its_number() -> None:
    wrong = [
        path.name
        for path in ADRS
        if not path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]}. ")
    ]

    assert wrong == []


def test_every_decision_that_is_named_can_be_read() -> None:
    there = {path.name[:4] for path in ADRS}
    missing = [
        f"{path}: ADR {number}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".conf", ".j2"}
        for number in NAMED.findall((ROOT / path).read_text(encoding="utf-8"))
        if number.zfill(4) not in there
    ]

    assert missing == []
