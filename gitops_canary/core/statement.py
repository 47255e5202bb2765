"""The in-toto statement about one decision: what a seal beside it binds.

It names no commit, because a forge that writes the commit (pull-request delivery) decides its id;
it names the move, what preceded it and the owned values before and after, as no other commit has.
Format: in-toto Attestation Framework, Statement v1.
"""

from gitops_canary.core.canonical import reading
from gitops_canary.core.evidence import digest
from gitops_canary.model.names import Path

PREDICATE = "https://gitops-canary.dev/decision/v1"
_BOUND = (
    "canary", "rollout", "action", "step", "weight", "version", "verdict", "previous", "source",
    "stable", "owned",
)  # fmt: skip


def statement(path: Path, decision: bytes) -> bytes:
    """Write the statement (RFC 8785) about the bytes of one decision."""
    document, written = reading(decision)
    return written(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {"name": path, "digest": {"sha256": digest(decision).removeprefix("sha256:")}}
            ],
            "predicateType": PREDICATE,
            "predicate": {name: document[name] for name in _BOUND},
        }
    )


def seal_path(decision: Path) -> Path:
    """Say where the seal of a decision lies: beside it."""
    return Path(decision.removesuffix(".json") + ".dsse.json")
