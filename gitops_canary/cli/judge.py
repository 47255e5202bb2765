"""`judge`: what would a judge have said about these blocks?"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from gitops_canary.app.judging import BYTES_MAX, LINE_MAX, header, streamed, verdicts
from gitops_canary.cli.printing import write
from gitops_canary.errors import UsageError


def judge(
    file: Annotated[
        str, typer.Argument(help="JSON with a judge and blocks; - reads standard input.")
    ] = "-",
) -> int:
    """Judge blocks of measurements offline; prints one JSON verdict a block.

    The input is described by `gitops-canary schema judge`; blocks may follow one a line. Ends with
    0 whatever the verdicts are.
    """
    name = "standard input" if file == "-" else file
    with _opened(file) as source:
        first = source.readline(LINE_MAX)
        if header(first):
            lines = iter(partial(source.readline, LINE_MAX + 1), b"")
            found = streamed(first, lines, name)
        else:
            found = verdicts(first + source.read(BYTES_MAX + 1 - len(first)), name)
        for verdict in found:
            write(json.dumps(verdict, ensure_ascii=False))
    return 0


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            raise UsageError("There is no standard input.", remedy="name a file")
        yield sys.stdin.buffer
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - closed below; what is written is not read
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", remedy="name a readable file, or -"
        ) from error
    with opened:
        yield opened
