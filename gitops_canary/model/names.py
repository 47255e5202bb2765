"""The names of things, so that one string is never taken for another."""

import hashlib
from typing import NewType

CanaryId = NewType("CanaryId", str)
"""`spec.id`, by default `namespace/name`; unique on one branch."""

RolloutId = NewType("RolloutId", str)
"""Twelve hex digits naming one candidate's way (design: message format)."""

Revision = NewType("Revision", str)
"""A Git commit id, 40 lower-case hex digits."""

BlobId = NewType("BlobId", str)
"""A Git blob id, 40 lower-case hex digits."""

Digest = NewType("Digest", str)
"""`sha256:` and 64 lower-case hex digits."""

Path = NewType("Path", str)
"""A file's path inside the repository, `/`-separated, never starting with `/`."""

EVIDENCE_BRANCH = "gitops-canary/evidence"
"""Where the bulk behind decisions is kept."""


def object_name(kind: bytes, body: bytes) -> str:
    """Name a Git object by the SHA-1 of its header and body."""
    header = b"%s %d\0" % (kind, len(body))
    return hashlib.sha1(header + body, usedforsecurity=False).hexdigest()


def blob_id(data: bytes) -> BlobId:
    """Name bytes as Git names a blob of them."""
    return BlobId(object_name(b"blob", data))
