"""`callengine doctor`: what is missing or too old here, and what mends it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callengine.boot.checks import examine
from callengine.boot.cli import FAILED, Invocation
from callengine.boot.findings import Finding, Level

UNBROKEN = 400
"""Columns where nobody looks: a path must not be broken."""
STYLES = {Level.OK: "green", Level.ADVICE: "yellow", Level.MISSING: "red"}


def doctor(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for programs.")
    ] = False,
) -> None:
    """
    Say what is missing or too old, and the command that mends it.

    Exit code 1 if something that is needed is missing.
    """
    invocation: Invocation = context.obj
    findings = asyncio.run(examine(invocation.settings(), invocation.folder()))
    healthy = all(finding.level is not Level.MISSING for finding in findings)
    if as_json:
        checks = [asdict(finding) for finding in findings]
        typer.echo(json.dumps({"ok": healthy, "checks": checks}, ensure_ascii=False))
    else:
        _show(findings, healthy=healthy)
    raise typer.Exit(0 if healthy else FAILED)


def _show(findings: Sequence[Finding], *, healthy: bool) -> None:
    # rich leaves colours out by itself where there is no terminal, or NO_COLOR is set.
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console = Console(highlight=False, soft_wrap=True, width=UNBROKEN)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "check", "found"):
        table.add_column(heading)
    for finding in findings:
        mark = Text(finding.level.value, style=STYLES[finding.level])
        table.add_row(mark, finding.name, finding.found)
    console.print(table)
    to_do = [finding for finding in findings if finding.mend]
    if to_do:
        console.print("\nTo do:")
    for finding in to_do:
        console.print(Text(f"  {finding.name}: {finding.mend}"))
    if healthy and not to_do:
        console.print("\nNothing is missing.")
