"""The commit message of a move: written here, read here, nowhere else (format 1).

The last paragraph is one trailer block that `git interpret-trailers --parse` reads: every key of
`KEYS`, in this order, exactly once. Foreign words never reach it unescaped.
"""

import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal

from gitops_canary.core.text import (
    LINE_WIDTH,
    instant_ms,
    iso,
    one_line,
    paragraph,
    percent,
    shorten_middle,
)
from gitops_canary.core.units import BARE, Units
from gitops_canary.errors import HistoryError
from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.observation import Verdict
from gitops_canary.model.rollout import Action, Outcome, Record, Window

KEYS = (
    "Canary-Format",
    "Canary",
    "Canary-Rollout",
    "Canary-Action",
    "Canary-Step",
    "Canary-Weight",
    "Canary-Version",
    "Canary-Verdict",
    "Canary-Failed",
    "Canary-Window",
    "Canary-Policy",
    "Canary-Evidence",
    "Canary-Source",
    "Canary-Stable",
    "Canary-Previous",
    "Canary-Reverts",
)
MARK = "Canary-Format:"
"""Stands in the message of every move."""
COLUMNS = ("check", "canary", "primary", "limit", "verdict", "samples")
"""The first line of the table of checks."""
_NONE = "none"
_ABOUT = "Canary: "
_NEWER = re.compile(r"Canary-Format: ([2-9]|[1-9][0-9]{1,3})")
_ADDED = re.compile(r"-+|(?:(?:Co-authored-by|Signed-off-by): [^\n]*(?:\n|$))+", re.IGNORECASE)
"""What GitHub writes under a squashed message: who else wrote it, and a line above that."""
_REVISION = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ROLLOUT = re.compile(r"[0-9a-f]{12}")
_COUNT = re.compile(r"(0|[1-9][0-9]{0,5})/(0|[1-9][0-9]{0,5})")
_WEIGHT = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,3})?")


def rollout_id(canary: CanaryId, source: Revision, candidate: Digest) -> RolloutId:
    """Name one candidate's way: 12 hex digits of sha256(id, NUL, source, NUL, digest)."""
    text = f"{canary}\0{source}\0{candidate}"
    return RolloutId(hashlib.sha256(text.encode()).hexdigest()[:12])


def subject(canary: CanaryId, what: str, bracket: str = "") -> str:
    """Write the first line, at most 72 columns: drop the bracket, then shorten the id, then cut."""
    name, what = one_line(canary), one_line(what)
    full = f"canary({name}): {what} ({one_line(bracket)})" if bracket else ""
    if full and len(full) <= LINE_WIDTH:
        return full
    room = LINE_WIDTH - len("canary(): ") - len(what)
    line = f"canary({shorten_middle(name, max(room, 12))}): {what}"
    return line if len(line) <= LINE_WIDTH else line[: LINE_WIDTH - 1] + "…"


def compose(
    first_line: str,
    *,
    paragraphs: Sequence[str],
    verdict: Verdict | None,
    record: Record,
    units: Units = BARE,
    part: str = "",
) -> str:
    """Write the whole message, ending in one newline.

    `part` says what is undone of the last revision that the record reverts, where not all of it is.
    """
    blocks = [first_line, *(paragraph(text) for text in paragraphs)]
    if verdict is not None and verdict.measurements:
        blocks.append(table(verdict, units))
    whole = record.reverts[:-1] if part else record.reverts
    if whole:
        blocks.append("\n".join(f"This reverts commit {r}." for r in whole))
    if part:
        blocks.append(paragraph(part))
    blocks.append(
        "\n".join(f"{key}: {value}" for key, value in zip(KEYS, _values(record), strict=True))
    )
    return "\n\n".join(blocks) + "\n"


def table(verdict: Verdict, units: Units = BARE) -> str:
    """Draw the checks of one verdict as aligned columns."""
    rows = [COLUMNS]
    rows += [
        (
            m.check,
            units.value(m.check, m.value),
            units.value(m.check, m.baseline),
            units.limit(m.check, m.limit),
            m.outcome.value,
            m.samples,
        )
        for m in verdict.measurements
    ]
    cells = [tuple(one_line(cell) for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
    lines = (
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
    )
    return "\n".join(f" {line}" if line.startswith("---") else line for line in lines)


def _values(record: Record) -> tuple[str, ...]:
    window = record.window
    return (
        "1",
        one_line(record.canary),
        record.rollout,
        record.action.value,
        f"{record.step}/{record.steps}",
        f"{percent(record.weight_from)}->{percent(record.weight_to)}",
        one_line(record.version),
        record.verdict.value,
        f"{record.failed}/{record.threshold}",
        f"{iso(window.start_ms)}/{iso(window.end_ms)}" if window else _NONE,
        record.policy,
        record.evidence or _NONE,
        record.source,
        record.stable,
        record.previous or _NONE,
        " ".join(record.reverts) or _NONE,
    )


def parse(message: str, revision: Revision) -> Record | None:
    """Read the trailer block of one of our commits; None where it carries no record.

    Raises:
        HistoryError: the last paragraph claims to be a record and is not exactly one.
    """
    if not claims(message):
        return None
    block = _last_block(message)
    if newer := _NEWER.fullmatch(block[0]):
        raise HistoryError(
            f"Commit {revision[:12]} is signed as ours, in format {newer[1]}; this version reads "
            "format 1.",
            remedy="run the version of gitops-canary that wrote it, or a newer one",
        )
    pairs = [line.partition(": ") for line in block]
    if tuple(key for key, _, _ in pairs) != KEYS:
        raise _corrupt(revision, "its trailers are not exactly the keys of format 1 in order")
    try:
        return _record({key: value for key, _, value in pairs})
    except (ValueError, ArithmeticError) as error:
        raise _corrupt(revision, f"a trailer cannot be read: {error}") from error


def claims(message: str) -> bool:
    """Tell whether the last paragraph has a record's first key; anybody can write that."""
    return any(line.startswith(MARK) for line in _last_block(message))


def about(message: str) -> CanaryId | None:
    """Name the canary that a record is about, be the rest of it legible or not."""
    names = [line.partition(": ")[2] for line in _last_block(message) if line.startswith(_ABOUT)]
    return CanaryId(names[0]) if len(names) == 1 else None


def _last_block(message: str) -> list[str]:
    """Give the last paragraph, without what a forge adds below it when it squashes."""
    head, block = "", message.rstrip("\n")
    while True:
        head, _, block = block.rpartition("\n\n")
        if not head or not _ADDED.fullmatch(block):
            return block.split("\n")
        block = head.rstrip("\n")


def _record(value: dict[str, str]) -> Record:
    if value["Canary-Format"] != "1":
        raise ValueError(f"Canary-Format {value['Canary-Format']!r} is not 1")
    step, steps = _count(value["Canary-Step"])
    failed, threshold = _count(value["Canary-Failed"])
    weight_from, _, weight_to = value["Canary-Weight"].partition("->")
    return Record(
        canary=CanaryId(value["Canary"]),
        rollout=RolloutId(_match(_ROLLOUT, value["Canary-Rollout"])),
        action=Action(value["Canary-Action"]),
        step=step,
        steps=steps,
        weight_from=Decimal(_match(_WEIGHT, weight_from)),
        weight_to=Decimal(_match(_WEIGHT, weight_to)),
        version=value["Canary-Version"],
        verdict=Outcome(value["Canary-Verdict"]),
        failed=failed,
        threshold=threshold,
        window=_window(value["Canary-Window"]),
        policy=Digest(_match(_DIGEST, value["Canary-Policy"])),
        evidence=_optional_digest(value["Canary-Evidence"]),
        source=Revision(_match(_REVISION, value["Canary-Source"])),
        stable=Revision(_match(_REVISION, value["Canary-Stable"])),
        previous=_optional_revision(value["Canary-Previous"]),
        reverts=_revisions(value["Canary-Reverts"]),
    )


def _match(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} does not match {pattern.pattern}")
    return text


def _optional_digest(text: str) -> Digest | None:
    return None if text == _NONE else Digest(_match(_DIGEST, text))


def _optional_revision(text: str) -> Revision | None:
    return None if text == _NONE else Revision(_match(_REVISION, text))


def _count(text: str) -> tuple[int, int]:
    part, _, whole = _match(_COUNT, text).partition("/")
    return int(part), int(whole)


def _window(text: str) -> Window | None:
    if text == _NONE:
        return None
    start, _, end = text.partition("/")
    return Window(start_ms=instant_ms(start), end_ms=instant_ms(end))


def _revisions(text: str) -> tuple[Revision, ...]:
    if text == _NONE:
        return ()
    return tuple(Revision(_match(_REVISION, part)) for part in text.split(" "))


def _corrupt(revision: Revision, why: str) -> HistoryError:
    return HistoryError(
        f"Commit {revision[:12]} is signed as ours, but {why}.",
        remedy=f"look at `git show {revision[:12]}`; no other program may use its key",
    )
