"""The go/no-go sheet: what a rollout will do, before it does it, for a reviewer to sign."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_canary.core.pages import table, words
from gitops_canary.core.text import duration
from gitops_canary.core.told import conditions
from gitops_canary.model.names import Digest
from gitops_canary.model.owned import Owned

Json = dict[str, Any]


def sheet(
    canary: str, owned: Owned, policy: Mapping[str, Any], digest: Digest, decision: str
) -> str:
    """Write the sheet in Markdown; `policy` is the one that would be pinned, as JSON.

    Its digest stands in every commit of the rollout and on its pages, which refer to this sheet.
    """
    return "\n".join(_lines(canary, owned, dict(policy), digest, decision)) + "\n"


def _lines(canary: str, owned: Owned, policy: Json, digest: Digest, decision: str) -> Iterator[str]:
    yield f"# Go or no-go: {words(canary)}"
    yield ""
    yield from table(
        ("", ""),
        (
            ("candidate", owned.candidate.version),
            ("primary, and where a rollback ends", owned.primary.version),
            ("weight now", f"{owned.weight} %"),
            ("policy", digest),
            ("now", decision),
        ),
    )
    yield "\n## What will happen\n"
    every = duration(policy["intervalMs"])
    yield f"- the canary starts at 0 % and takes nothing until it is ready; a look every {every}"
    for number, step in enumerate(policy["steps"], 1):
        yield f"- step {number}: {step} % of traffic, then a window in which every check passes"
    yield "- then the primary takes the version, and all traffic once it is ready"
    yield "\n## Limits\n"
    rows = [(c["name"], c["minimum"] or "-", c["maximum"] or "-") for c in policy["checks"]]
    yield from table(("check", "at least", "at most"), rows)
    yield "\n## Stop conditions\n"
    yield from (f"- {words(line)}" for line in conditions(policy))
    yield "\n## Decision\n"
    yield from table(("", "name", "date", "go / no-go"), (("approves", "", "", ""),))
    yield "\nEvery commit of the rollout names this policy, as `Canary-Policy`; so do its pages."
