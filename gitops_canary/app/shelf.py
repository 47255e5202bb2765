"""The rollouts on the evidence branch of a plain clone."""

import re
from collections.abc import Iterator, Mapping

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.core.told import Told, told
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.names import BlobId, Path, Revision

DECISION = re.compile(r"(?P<folder>.+/[0-9a-f]{12})/decision-(?P<number>\d{2,})\.json")


def decisions(files: Mapping[Path, BlobId]) -> Mapping[str, Mapping[int, BlobId]]:
    """Sort the decisions by rollout: its folder, then number to blob, in order."""
    found: dict[str, dict[int, BlobId]] = {}
    for path in sorted(files):
        match = DECISION.fullmatch(path)
        if match:
            found.setdefault(match["folder"], {})[int(match["number"])] = files[path]
    return found


def stories(clone: PlainClone, tip: Revision) -> Iterator[tuple[str, Told]]:
    """Read every rollout, by folder; not verified.

    Raises:
        VerificationError: a decision cannot be read.
    """
    files = {path: blob.id for path, blob in clone.files(tip).items()}
    for folder, numbers in decisions(files).items():
        bodies = clone.read(list(numbers.values()))
        for number, blob in numbers.items():
            read_decision(bodies[blob], name=f"{folder}/decision-{number:02}.json")
        last = max(numbers)
        story = told([bodies[numbers[n]] if n in numbers else b"" for n in range(1, last + 1)])
        if story:
            yield folder, story
