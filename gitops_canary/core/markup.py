"""Pieces of HTML that the pages share; every word that goes in is shown and never obeyed."""

from collections.abc import Sequence
from html import escape

from gitops_canary.core.text import one_line

MARKS = {"pass": "✔ pass", "fail": "✘ fail", "inconclusive": "? inconclusive", "none": "-"}


def text(value: object) -> str:
    """Write foreign words; a number keeps its percent sign beside it.

    >>> text("<b> at 5 %")
    '&lt;b&gt; at 5&nbsp;%'
    """
    return escape(one_line(str(value))).replace(" %", "&nbsp;%")


def table(label: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Draw a table that scrolls by itself where a screen is narrow."""
    top = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    lines = ("".join(_cell(cell) for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return scrolling(label, f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>")


def scrolling(label: str, inside: str) -> str:
    """Let something wide scroll, by keys as well, under a name that is read out."""
    name = text(label)
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{inside}</div>'


def _cell(value: object) -> str:
    mark = next((name for name, shown in MARKS.items() if shown == value), "none")
    kind = "" if mark == "none" else f' class="{mark}"'
    return f"<td{kind}>{text(value)}</td>"
