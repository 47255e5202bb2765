"""`import`: other tools' documents as ours."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.importing import imported, text
from gitops_canary.cli.printing import say, write


class Tool(Enum):
    """Whose documents are read."""

    FLAGGER = "flagger"
    ARGO_ROLLOUTS = "argo-rollouts"


def import_(
    tool: Annotated[Tool, typer.Argument(help="Whose documents are read.")],
    path: Annotated[Path, typer.Argument(help="A checkout of the config repository.")] = Path(),
) -> int:
    """Print the documents of another tool as ours; what does not carry over is told besides."""
    found = imported(path, tool.value)
    for one in found:
        write(text(one).rstrip("\n"))
        for place, why in one.lost:
            say(f"{place}: {why}")
    if not found:
        say(f"There is nothing of {tool.value} below {path.resolve()}.")
        return 1
    say(
        f"{len(found)} read; commit what is printed in the place of what was read: "
        "`gitops-canary init` writes the primary and its Services"
    )
    return 0
