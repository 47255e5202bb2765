"""Why a person asked for an abort or a promotion, from the commit by which they did; pure.

Such a commit is one that our verbs wrote: its title, the person's reason, and what was asked.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from gitops_canary.core.text import one_line
from gitops_canary.model.names import Revision

MENTION = ", by `gitops-canary "
"""Stands in the message of every commit that a verb wrote."""
_ASKED = re.compile(
    r"(?:Abort|Override: promotion) of (?P<rollout>[0-9a-f]{12})\b[^\n]*"
    r", by `gitops-canary (?P<verb>abort|promote)\b[^`\n]*`\."
)

Whys = Mapping[tuple[str, str], str]
"""Verb and rollout, to what the commit says; whose commit that is nobody has checked."""


def whys(commits: Iterable[tuple[Revision, str]]) -> Whys:
    """Find the reasons in commits with their messages, newest first; the newest one counts."""
    found: dict[tuple[str, str], str] = {}
    for revision, message in commits:
        parts = [part.strip() for part in message.split("\n\n")]
        for reason, asked in pairwise(parts[1:]):
            match = _ASKED.fullmatch(asked)
            if match and reason and not _ASKED.fullmatch(reason):
                said = f"Commit {revision[:12]} says: {one_line(reason)}"
                found.setdefault((match["verb"], match["rollout"]), said)
    return found


def reason(decision: Mapping[str, Any], known: Whys) -> str:
    """Give a recorded decision's reason, with a person's own where they gave one."""
    verb = "promote" if decision.get("override") else ""
    if decision["action"] == "abort" and decision["verdict"] == "none":
        verb = "abort"
    return f"{decision['reason']} {known.get((verb, decision['rollout']), '')}".rstrip()
