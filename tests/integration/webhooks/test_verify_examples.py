"""The guide's examples of checking a signature, in each language that is at hand."""

import base64
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callengine.core.ids import MessageId
from callengine.integrations.signing import sign

FOLDER = Path(__file__).parents[3] / "docs" / "examples" / "webhooks"
GUIDE = FOLDER.parents[1] / "shop-guide.md"
SECRET = "whsec_" + base64.b64encode(b"secret of the shop, 32 bytes....").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret, also 32 bytes...").decode()
BODY = '{"type":"order.confirmed","data":"Іван — ёж"}'.encode()
RUNNERS = {
    "python": (
        sys.executable,
        "-c",
        "import sys, json, base64; sys.path.insert(0, sys.argv[1]); import verify;"
        " case = json.load(sys.stdin); body = base64.b64decode(case['body']);"
        " print(verify.is_ours(case['headers'], body, case['secret']))",
    ),
    "node": (
        "node",
        "--input-type=module",
        "-e",
        "import fs from 'node:fs'; const { isOurs } = await import(process.argv[1] +"
        " '/verify.mjs'); const c = JSON.parse(fs.readFileSync(0)); console.log("
        "isOurs(c.headers, Buffer.from(c.body, 'base64'), c.secret) ? 'True' : '');",
    ),
    "php": (
        "php",
        "-r",
        "require $argv[1].'/verify.php'; $c = json_decode(stream_get_contents(STDIN),"
        " true); echo is_ours($c['headers'], base64_decode($c['body']), $c['secret'])"
        " ? 'True' : 'False';",
    ),
}
FILES = {"python": "verify.py", "node": "verify.mjs", "php": "verify.php"}


def checked(language: str, headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Let an example check a message."""
    command = RUNNERS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{language} is not at hand")
    case = {
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "secret": secret,
    }
    done = subprocess.run(  # the examples are ours
        [*command, str(FOLDER)],
        input=json.dumps(case).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip() == b"True"


@pytest.mark.parametrize("language", RUNNERS)
def test_what_we_sign_is_ours_and_nothing_else_is(language: str) -> None:
    now = time.time()
    signed = sign(MessageId("msg-1"), BODY, secret=SECRET, now=now)
    both = sign(MessageId("msg-1"), BODY, secret=OTHER, old_secret=SECRET, now=now)
    old = sign(MessageId("msg-1"), BODY, secret=SECRET, now=now - 400)
    assert checked(language, signed, BODY, SECRET)
    assert checked(language, both, BODY, SECRET)
    assert checked(language, both, BODY, OTHER)
    assert not checked(language, signed, BODY, OTHER)
    assert not checked(language, signed, BODY + b" ", SECRET)
    assert not checked(language, old, BODY, SECRET)
    assert not checked(language, {**signed, "webhook-id": "msg-2"}, BODY, SECRET)
    for odd in ("x", "²", ""):
        forged = {**signed, "webhook-timestamp": odd}
        assert not checked(language, forged, BODY, SECRET)
    assert not checked(language, {**signed, "webhook-signature": "v1,ё"}, BODY, SECRET)


@pytest.mark.parametrize("language", FILES)
def test_the_guide_shows_the_example_that_is_tested(language: str) -> None:
    text = (FOLDER / FILES[language]).read_text(encoding="utf-8")
    shown = "\n".join(f"    {line}".rstrip() for line in text.rstrip().split("\n"))
    assert shown in GUIDE.read_text(encoding="utf-8")
