"""`lint`: is everything in a checkout as the controller needs it?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.linting import Finding, findings
from gitops_canary.cli.looked import names
from gitops_canary.cli.misplaced import tell_top
from gitops_canary.cli.options import AllowMissingOption, Form, OutputOption, ProviderOption
from gitops_canary.cli.printing import Row, show, write


def lint(
    path: Annotated[Path, typer.Argument(help="A checkout of the config repository.")] = Path(),
    provider: ProviderOption = "istio",
    allow_missing: AllowMissingOption = "",
    *,
    explain: Annotated[bool, typer.Option(help="Tell in words what will happen.")] = False,
    output: OutputOption = Form.TABLE,
) -> int:
    """Read every Canary below a folder, bind it, and list what is wrong with its remedy.

    Other files that are no YAML are a warning each, which changes no exit code.
    """
    found = findings(path, default_provider=provider, allow_missing=names(allow_missing))
    if not found or _code(found):
        tell_top(path)
    if all(one.warning for one in found) and output is Form.TABLE:
        write(f"no Canary in {path}; begin with `gitops-canary init`")
        if not found:
            return 0
    if explain and output is Form.TABLE:
        for one in found:
            write("\n".join(one.outlook or (f"{one.canary}: {one.error or one.warning}",)) + "\n")
    else:
        _table(found, output)
    return _code(found)


def _table(found: Sequence[Finding], output: Form) -> None:
    show([_row(one) for one in found], ("where", "canary", "result", "remedy"), output)


def _code(found: Sequence[Finding]) -> int:
    return 1 if any(one.error or one.never for one in found) else 0


def _row(one: Finding) -> Row:
    never = one.never[0] if one.never else None
    trouble = one.error or one.warning or never
    result = f"{'never' if never else 'ok'}: {one.summary}"
    if one.error:
        result = one.error.problem
    elif one.warning:
        result = f"warning: {one.warning.problem}"
    return {
        "where": str(one.place),
        "canary": one.canary,
        "result": result,
        "remedy": trouble.remedy if trouble else "",
        "outlook": list(one.outlook),
    }
