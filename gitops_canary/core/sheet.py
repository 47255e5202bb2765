"""The go/no-go sheet: what a rollout will do, before it does it, for a reviewer to sign."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_canary.core.pages import table, words
from gitops_canary.core.text import duration
from gitops_canary.core.told import conditions
from gitops_canary.core.units import joined, unit
from gitops_canary.model.names import Digest
from gitops_canary.model.owned import Owned
from gitops_canary.model.spec import Strategy

Json = dict[str, Any]
_ENDS = ("minimum", "maximum")


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
    yield from (f"- {line}" for line in _happening(policy))
    yield "\n## Limits\n"
    rows = [
        (c["name"], *(joined(c[end], unit(c["builtin"], "threshold")) for end in _ENDS))
        for c in policy["checks"]
    ]
    yield from table(("check", "at least", "at most"), rows)
    yield "\n## Stop conditions\n"
    yield from (f"- {words(line)}" for line in conditions(policy))
    yield "\n## Decision\n"
    yield from table(("", "name", "date", "go / no-go"), (("approves", "", "", ""),))
    yield "\nEvery commit of the rollout names this policy, as `Canary-Policy`; so do its pages."


def _happening(policy: Json) -> Iterator[str]:
    """Say move by move what a rollout does, by the policy's own words."""
    every = duration(policy["intervalMs"])
    yield f"the canary starts at 0 % and takes nothing until it is ready; a look every {every}"
    if policy["skipAnalysis"]:
        yield "no check is made (skipAnalysis)"
    else:
        yield from _steps(policy)
    back = policy.get("returnStep")
    parts = f", {back} % of the traffic at a time" if back else ", and all traffic"
    yield f"then the primary takes the version{parts} once it is ready"


def _steps(policy: Json) -> Iterator[str]:
    strategy, looks = policy.get("strategy"), policy.get("iterations", 1)
    passing = "a window in which every check passes"
    several = passing if looks == 1 else f"{looks} windows in which every check passes"
    if "mirror" in policy:
        yield f"{policy['mirror']} % of requests are copied to it before its first weight"
    if strategy == Strategy.BLUE_GREEN.value:
        yield f"before any traffic: {several}"
    elif "mirror" in policy:
        yield f"on the copies: {passing}"
    if "affinity" in policy:
        cookie = words(policy["affinity"]["cookie"])
        yield f"who met the candidate stays with it, by the cookie {cookie}"
    for number, step in enumerate(policy["steps"], 1):
        if strategy == Strategy.AB_TEST.value:
            yield f"step {number}: all requests that match, and no others; then {several}"
        else:
            yield f"step {number}: {step} % of traffic, then {passing}"
