"""`doctor`: what could be driven here, whether everything answers, and what stands in the way."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.doctor import Finding, counted, exit_code
from gitops_canary.app.doctor_manifests import CHECKS
from gitops_canary.app.doctor_running import examine
from gitops_canary.app.doctor_subject import subject
from gitops_canary.app.linting import WORK_TREE, Folder
from gitops_canary.app.reading import Rules
from gitops_canary.cli.misplaced import tell_top
from gitops_canary.cli.options import DEFAULT_CONFIG, Form, OutputOption, ProviderOption
from gitops_canary.cli.printing import say, show

_COLUMNS = ("check", "subject", "health", "what", "remedy")


def doctor(
    repo: Annotated[
        Path | None, typer.Option(help="A checkout of the config repository; alone, only this.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings whose servers are asked; controller.yaml where it is here."),
    ] = None,
    provider: ProviderOption = "istio",
    output: OutputOption = Form.TABLE,
) -> int:
    """Examine manifests, Git, signing, metrics, clocks and sync engines; nothing is changed."""
    if repo is None and config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    found: list[Finding] = []
    if config is not None:
        found += asyncio.run(examine(config))
    if repo is not None or config is None:
        tell_top(repo or Path())
        rules = Rules(paths=(), default_provider=provider)
        seen = subject(Folder(repo or Path()), WORK_TREE, rules)
        found += [finding for check in CHECKS.values() for finding in check(seen)]
    show([_row(one) for one in found], _COLUMNS, output)
    if config is None:
        say("only manifests were read; --config controller.yaml asks Git, metrics and sync too")
    say(", ".join(_many(count, health) for health, count in counted(found).items()))
    return exit_code(found)


def _many(count: int, health: str) -> str:
    return f"{count} {health}{'s' if health == 'hint' and count > 1 else ''}"


def _row(one: Finding) -> dict[str, str]:
    return {
        "check": one.check,
        "subject": one.subject,
        "health": one.health.value,
        "what": one.what,
        "remedy": one.remedy,
    }
