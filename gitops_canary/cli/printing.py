"""Data on standard output, talk on standard error; tables for people, JSON or YAML for programs."""

import csv
import difflib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import accumulate
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitops_canary.cli.options import Form
from gitops_canary.core.text import one_line
from gitops_canary.errors import UsageError

Row = Mapping[str, Any]
PIPE_WIDTH = 200
_FOLDED = 24
"""Characters from which on a column may be folded."""
_GAP = 3
"""Characters between two columns."""
_NEXT = "\n  "
"""What parts the problems of one document (manifest.problems.joined)."""


def write(text: str) -> None:
    """Print one piece of data; control characters of foreign words are shown, not obeyed."""
    with writing() as out:
        out.write("\n".join(one_line(line) for line in text.split("\n")) + "\n")


@contextmanager
def writing() -> Iterator[TextIO]:
    """Give standard output to write to.

    Raises:
        UsageError: there is none, or it takes nothing more (a full disk).
        BrokenPipeError: its reader went away.
    """
    if sys.stdout is None:
        remedy = "name a file for it, or /dev/null"
        raise UsageError("There is no standard output.", remedy=remedy)
    try:
        yield sys.stdout
    except BrokenPipeError:
        raise
    except OSError as error:
        hush()
        problem = f"Standard output cannot be written: {error.strerror}."
        raise UsageError(problem, remedy="give it a place that takes all of it") from None


def in_utf_8() -> None:
    """Write UTF-8 whatever the locale says: JSON is nothing else, and names have any letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """Tell the person something that is not data; whoever went away is told nothing."""
    try:
        sys.stderr.write("\n".join(one_line(line) for line in text.split("\n")) + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _hush(sys.stderr)


def settled() -> bool:
    """Write out what is still kept back; False where nobody reads it any more.

    What would be written later is dropped then, as `head` and `less` want it.
    """
    try:
        if sys.stdout is not None:
            with writing() as out:
                out.flush()
    except BrokenPipeError:
        hush()
        return False
    return True


def hush() -> None:
    """Drop everything that is written to standard output from now on: its reader went away."""
    _hush(sys.stdout)


def _hush(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def diff(path: str, before: str, after: str) -> str:
    """Write a change of one file as a unified diff."""
    return "".join(
        difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{path}",
            f"b/{path}",
        )
    )


def show(rows: Sequence[Row], columns: Sequence[str], form: Form) -> None:
    """Print rows; a table shows only the named columns, the other forms everything."""
    if form is Form.TABLE:
        _table(rows, columns)
    elif form is Form.CSV:
        _csv(rows, columns)
    else:
        # JSON is YAML as well, so one writer serves both and neither can drift.
        with writing() as out:
            out.write(json.dumps(list(rows), indent=2, ensure_ascii=False) + "\n")


def spaced(name: str) -> str:
    """Write a field's name for people.

    >>> spaced("failedRequests"), spaced("worst 1 %")
    ('failed requests', 'worst 1 %')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula.

    >>> cell("=1+1"), cell("-5"), cell(None), cell("1.2.0")
    ("'=1+1", "'-5", '', '1.2.0')
    """
    text = "" if value is None else one_line(str(value).replace(_NEXT, " "))
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> None:
    names = list(columns) + sorted({key for row in rows for key in row} - set(columns))
    with writing() as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(row.get(name)) for name in names] for row in rows)


def show_fitting(
    rows: Sequence[Row], columns: Sequence[str], form: Form, first: Sequence[str]
) -> None:
    """Print rows; a table has as many columns as there is room for, and names the others.

    `first` lists the columns of a table, the most important one first.
    """
    if form is not Form.TABLE:
        show(rows, columns, form)
        return
    room, widths = _console().width + _GAP, _widths(rows, first)
    ends = accumulate(min(width, _FOLDED) + _GAP for width in widths)
    there = {column for column, end in zip(first, ends, strict=True) if end <= room}
    show(rows, [column for column in columns if column in there], form)
    missing = [spaced(column) for column in columns if column not in there]
    if rows and missing:
        say(f"Left out of the table: {', '.join(missing)}; `-o csv` tells all.")


def _console() -> Console:
    with writing() as out:
        return Console(width=None if out.isatty() else PIPE_WIDTH)


def _widths(rows: Sequence[Row], columns: Sequence[str]) -> Sequence[int]:
    """Give the longest line of each column, its heading included, in characters."""
    return [
        max(len(line) for text in (column, *(_text(row, column) for row in rows))
            for line in text.split(_NEXT))
        for column in columns
    ]  # fmt: skip


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    table, console = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False), _console()
    widths = _widths(rows, columns)
    # Long texts are folded, and names and instants only where there is no other room.
    least = sum(width if width <= _FOLDED else _FOLDED // 2 for width in widths)
    whole = least + _GAP * len(columns) <= console.width
    for column, width in zip(columns, widths, strict=True):
        kept = whole and width <= _FOLDED
        table.add_column(spaced(column).upper(), overflow="fold", no_wrap=kept)
    for row in rows:
        # Text objects, so that nothing a repository says is taken for markup.
        table.add_row(*(Text(_text(row, column)) for column in columns))
    with writing():
        console.print(table)


def _text(row: Row, column: str) -> str:
    return _lines(str(row.get(column, "")))


def _lines(text: str) -> str:
    """Keep a list of problems one to a line; indented, none of them looks like a row."""
    return _NEXT.join(one_line(line) for line in text.split(_NEXT))
