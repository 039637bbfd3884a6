"""The commands of docs/shop-guide.md do what it says, in its order."""

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

import pytest

from tests.architecture.tree import ROOT

GUIDE = (ROOT / "docs" / "shop-guide.md").read_text(encoding="utf-8")
BASE = "https://calls.example"


@dataclass(frozen=True)
class Command:
    """One curl of the guide."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


def commands() -> list[Command]:
    """Read every curl of the section on HTTP."""
    section = GUIDE.split("## Orders by HTTP", 1)[1].split("## Messages to you")[0]
    lines = re.findall(r"^    (.*)$", section, re.MULTILINE)
    text = "\n".join(lines)
    variables = dict(re.findall(r"^(URL|KEY)=(\S+)$", text, re.MULTILINE))
    found: list[Command] = []
    for part in re.split(r"^(?=curl )", text, flags=re.MULTILINE)[1:]:
        words = shlex.split(part.split('\n{"error"')[0])
        for name, value in variables.items():
            words = [word.replace(f"${name}", value) for word in words]
        found.append(command(words))
    return found


def command(words: list[str]) -> Command:
    """Understand the few options that the guide uses."""
    method, body, headers, url = "GET", None, {}, ""
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-d":
                body = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case _:
                assert not url, words
                url = word
    assert url.startswith(BASE), url
    return Command(method, url.removeprefix(BASE), headers, body)


SAID = [201, 200, 200, 200, 200, 200, 200, 200, 200]
"""What each command is answered, as the guide tells."""


async def test_the_commands_of_the_guide_work_one_after_the_other(world: Any) -> None:
    world.doors.keys["your-key"] = next(iter(world.doors.keys.values()))
    statuses: list[int] = []
    answers: list[Any] = []
    for said in commands():
        response = await world.client.request(
            said.method, said.path, headers=said.headers, data=said.body
        )
        statuses.append(response.status)
        answers.append(await response.json())

    assert statuses == SAID
    taken, shown, replaced, listed, batch, withdrawn, *_ = answers
    assert taken == shown
    assert taken["total_minor"] == 2 * 129950
    assert (replaced["total_minor"], replaced["comment"]) == (
        129950,
        "phone: +79161234568, муж",
    )
    assert [o["number"] for o in listed["orders"]] == ["T-1001"]
    assert [r["status"] for r in batch["results"]] == [201, 422]
    assert withdrawn["stage"] == "cancelled"


@pytest.mark.parametrize(
    "code",
    [
        "malformed_json",
        "incomplete_body",
        "no_key",
        "wrong_key",
        "key_of_another_shop",
        "unknown_shop",
        "unknown_order",
        "too_slow",
        "conflict",
        "in_call",
        "settled",
        "too_long",
        "not_json",
        "invalid",
        "try_again",
    ],
)
def test_every_code_of_the_table_of_errors_is_one_of_ours(code: str) -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "callengine/api").glob("*.py")
    )

    assert f"`{code}`" in GUIDE
    assert f'"{code}"' in sources


def test_the_bodies_of_the_guide_are_json() -> None:
    bodies = [json.loads(said.body) for said in commands() if said.body]

    assert len(bodies) == 4
