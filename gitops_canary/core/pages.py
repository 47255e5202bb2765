"""The readable pages of a rollout, a function of its decisions: rebuilt, they are the same bytes.

Foreign words are written as character references, so that no renderer takes them for markup.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from gitops_canary.core import in_force
from gitops_canary.core.evidence import PAGES, page_paths
from gitops_canary.core.markup import MARKS
from gitops_canary.core.report import report
from gitops_canary.core.text import change, one_line
from gitops_canary.core.told import Json, Told, told
from gitops_canary.model.names import Path
from gitops_canary.model.rollout import Record

_MEANT = re.compile(r"(?:(?<!% -)>|[^A-Za-z0-9 .,:;/=%()'+>-])+")
"""All but letters and punctuation that means nothing to Markdown in the middle of a line, as the
arrow between two weights does."""
_KNOWN = 1024
"""Words remembered: each page of a rollout says again what the one before it said."""
MARK = f"<!-- gitops-canary page {PAGES} -->"
CHECKS = ("weight", "check", "canary", "primary", "limit", "verdict", "samples", "why")
"""Columns of what was measured last at each weight."""
SHEET = (
    "The go/no-go sheet that `gitops-canary plan --sheet` wrote before the start names a policy "
    "digest: if it is the one above, these are the conditions that were approved."
)


def pages(record: Record, decisions: Sequence[bytes]) -> dict[Path, bytes]:
    """Write the pages of a rollout after its newest decision; the report once it is over.

    None where a newer version made one of the decisions: what it says there may mean something that
    is not known here, so its pages stay as they are.
    """
    readme_path, report_path = page_paths(record)
    story = told(decisions)
    if story is None or any(one.get("pages", 1) > PAGES for one in story.decisions):
        return {}
    made = {readme_path: readme(story).encode()}
    return made | ({report_path: report(story).encode()} if record.over else {})


def words(text: object) -> str:
    """Write foreign words so that Markdown shows them as they are.

    >>> words("a|b <script> @all")
    'a&#124;b &#60;script&#62; &#64;all'
    """
    return _shown(str(text))


@lru_cache(_KNOWN)
def _shown(text: str) -> str:
    return _MEANT.sub(_reference, one_line(text))


def _reference(found: re.Match[str]) -> str:
    return "".join(c if c.isalnum() else f"&#{ord(c)};" for c in found[0])


def readme(story: Told) -> str:
    """Write README.md: decision, exposure, why, who, how to check it, what is not known."""
    last = story.last
    blocks = [
        f"{MARK}\n# {words(last['canary'])}: {words(last['version'])} {words(story.outcome)}",
        words(story.end["reason"] if story.end else last["reason"]),
        "\n".join(_facts(story)),
        "\n".join(("## Exposure", "", *_exposure(story))),
        "\n".join(("## Moves", "", *_moves(story))),
    ]
    if any(True for d in story.decisions if d["verdicts"]):
        blocks.append("\n".join(("## Checks", "", *_checks(story))))
    if remedies := list(story.remedies()):
        blocks.append("\n".join(("## Before the next try", "", *_list(remedies))))
    blocks += [
        "\n".join(("## Rollback conditions in force", "", *_list(story.conditions()), "", SHEET)),
        "\n".join(("## Policy in force", "", *_policy(story))),
        "\n".join(("## Check it yourself", "", *_commands(story))),
        "\n".join(("## Not known", "", *_list(story.unknown()))),
    ]
    return "\n\n".join(blocks) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Draw a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(words(cell) for cell in row)} |"


def _list(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    return (f"- {words(line)}" for line in lines)


def _facts(story: Told) -> Iterator[str]:
    first, last = story.first, story.last
    return table(
        ("", ""),
        (
            ("version", last["version"]),
            ("asked for by commit", last["source"]),
            ("a rollback goes back to commit", last["stable"]),
            ("policy", last["policy"]["digest"]),
            ("from", first["decidedAt"]),
            ("to", last["decidedAt"]),
            ("rollout", last["rollout"]),
        ),
    )


def _exposure(story: Told) -> Iterator[str]:
    minutes, requests, failed = story.exposed()
    rows = [
        (f"{r['weight']} %", r["minutes"], _count(r["requests"]), _count(r["failedRequests"]))
        for r in story.exposures()
    ]
    if late := sum((one.late for one in story.stages), Decimal(0)):
        rows.append(("between these", str(late), *("not counted",) * 2))
    rows.append(("all", str(minutes), _count(requests), _count(failed)))
    return table(("weight", "minutes", "requests", "failed"), rows)


def _moves(story: Told) -> Iterator[str]:
    return table(
        ("when", "move", "weight", "verdict", "why"),
        [
            (d["decidedAt"], d["action"], _weights(d), MARKS[d["verdict"]], d["reason"])
            for d in story.decisions
        ],
    )


def _checks(story: Told) -> Iterator[str]:
    rows = [
        (f"{d['weight']['from']} %", *figures, MARKS[outcome], samples, check["why"])
        for d in story.decisions
        for verdict in d["verdicts"][-1:]
        for check, (*figures, outcome, samples) in zip(
            verdict["checks"], story.checked(verdict), strict=True
        )
    ]
    return table(CHECKS, rows)


def _policy(story: Told) -> Iterator[str]:
    """Tell the policy that applied: limits of checks, conditions, every option."""
    policy = story.last["policy"]
    yield from table(in_force.LIMITS, list(in_force.limits(policy)))
    if asked := list(in_force.asks(policy)):
        yield ""
        yield from table(in_force.ASKS, asked)
    yield ""
    yield from table(in_force.HEAD, list(in_force.options(story.last)))


def _commands(story: Told) -> Iterator[str]:
    canary, rollout = words(story.last["canary"]), story.last["rollout"]
    yield "Every number above is in the `decision-NN.json` beside this page, with its samples."
    yield f"Find the commits: `git log --grep 'Canary-Rollout: {rollout}'`. Each names the sha256"
    yield "of its decision: `sha256sum decision-01.json`."
    yield ""
    yield f"Recompute everything about {canary} in a clone, without any server:"
    yield ""
    yield "```sh"
    yield "gitops-canary verify --trusted-keys allowed_signers"
    yield "```"


def _weights(decision: Json) -> str:
    return change(decision["weight"]["from"], decision["weight"]["to"])


def _count(value: object) -> str:
    return "not counted" if value is None else str(value)
