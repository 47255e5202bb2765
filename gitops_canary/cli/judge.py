"""`judge`: what would a judge have said about these blocks?"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.judging import BYTES_MAX, verdicts
from gitops_canary.cli.printing import write
from gitops_canary.errors import UsageError


def judge(
    file: Annotated[
        str, typer.Argument(help="JSON with a judge and blocks; - reads standard input.")
    ] = "-",
) -> int:
    """Judge blocks of measurements offline; prints one JSON verdict a block.

    The input is described by `gitops-canary schema judge`. Ends with 0 whatever the verdicts are.
    """
    for verdict in verdicts(_read(file), "standard input" if file == "-" else file):
        write(json.dumps(verdict, ensure_ascii=False))
    return 0


def _read(file: str) -> bytes:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("There is no standard input.", remedy="name a file")
        return sys.stdin.buffer.read(BYTES_MAX + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", remedy="name a readable file, or -"
        ) from error
