"""`doctor`: what could be driven here, and what stands in the way."""

from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.doctor import Finding, Health, Patient, examine
from gitops_canary.cli.options import Form, OutputOption, ProviderOption
from gitops_canary.cli.printing import show


def doctor(
    repo: Annotated[Path, typer.Option(help="A checkout of the config repository.")] = Path(),
    provider: ProviderOption = "istio",
    output: OutputOption = Form.TABLE,
) -> int:
    """List the workloads that could be driven, how their image is bound, and why others not."""
    found = examine(Patient(repo=repo, default_provider=provider))
    show([_row(one) for one in found], ("check", "subject", "health", "what", "remedy"), output)
    return 1 if any(one.health is Health.WRONG for one in found) else 0


def _row(one: Finding) -> dict[str, str]:
    return {
        "check": one.check,
        "subject": one.subject,
        "health": one.health.value,
        "what": one.what,
        "remedy": one.remedy,
    }
