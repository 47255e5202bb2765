"""`evidence export`: a package an auditor can verify without us."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.package import Wanted, package
from gitops_canary.cli.clones import (
    EvidenceOption,
    day_ms,
    evidence_tip,
    keys_text,
    now_ms,
    ownership,
)
from gitops_canary.cli.printing import say
from gitops_canary.core.controls import FRAMEWORKS
from gitops_canary.errors import UsageError
from gitops_canary.git.plain import PlainClone


def export(
    file: Annotated[Path, typer.Option("--output", "-o", help="The zip to write; a new file.")],
    trusted_keys: Annotated[
        list[Path], typer.Option(help="allowed_signers or *.pub files; may be repeated.")
    ],
    controls: Annotated[
        str, typer.Option(help=f"Of {', '.join(FRAMEWORKS)}; comma-separated.")
    ] = ",".join(FRAMEWORKS),
    since: Annotated[str, typer.Option(help="First day of the period, e.g. 2026-01-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day of the period; now if none.")] = "",
    revision: Annotated[str, typer.Option(help="The config branch's tip.")] = "HEAD",
    clone: Annotated[Path, typer.Option("--clone", "-C", help="A plain clone.")] = Path(),
    evidence: EvidenceOption = "",
) -> int:
    """Write commits, decisions, public keys and an offline verifier into one zip."""
    names = [name for name in controls.split(",") if name]
    unknown = [name for name in names if name not in FRAMEWORKS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(FRAMEWORKS)}")
    if file.exists():
        raise UsageError(f"{file} is there already.", remedy="name a new file")
    whose = ownership(trusted_keys, (), "")
    opened = PlainClone(clone)
    try:
        wanted = Wanted(
            tip=opened.resolve(revision),
            evidence=evidence_tip(opened, evidence),
            since_ms=day_ms(since, 0),
            until_ms=day_ms(until, now_ms()) + (86_399_999 if until else 0),
            keys=keys_text(trusted_keys),
            controls=tuple(control for name in names for control in FRAMEWORKS[name]),
        )
        data = package(opened, whose, wanted)
    finally:
        opened.close()
        whose.close()
    file.write_bytes(data)
    say(f"{file}: {len(data)} bytes. Verify it: unzip, then python3 verify.py")
    return 0
