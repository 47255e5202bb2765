"""Which files can matter to a canary, told from their bytes alone, without parsing any."""

import re
from collections.abc import Iterable

from gitops_canary.manifest.catalog import KINDS, QUIET
from gitops_canary.model.spec import CanarySpec

POLICY_KINDS = ("AlertProvider", "Canary", "MetricTemplate")
"""Kinds that say what to do; every file that may hold one is read."""
_KIND = rb"\bkind[\"']?\s*:\s*[\"']?"
_POLICY = re.compile(_KIND + b"(?:" + "|".join((*POLICY_KINDS, "List")).encode() + rb")\b")
_ANY_POLICY = re.compile("|".join(POLICY_KINDS).encode())
"""Passed by what `_POLICY` passes, `List` aside, and much faster."""
_SUBJECT = re.compile(
    _KIND + b"(?:" + "|".join(sorted((KINDS | QUIET) - set(POLICY_KINDS))).encode() + rb")\b"
)
_ESCAPE = re.compile(rb"\\(?:[xuU]|\r?\n)")
"""What can spell a name in YAML without writing it."""
_SPACES = bytes(
    byte if chr(byte).isalnum() or byte == ord("-") else ord(" ") for byte in range(128)
)
_TABLE = _SPACES + b" " * 128
ANY_NAME = "*"
"""Stands for every label where a file hides what it names behind escapes."""


def holds_policy(data: bytes) -> bool:
    """Tell whether a file may hold a Canary, a MetricTemplate or an AlertProvider."""
    return bool(_ANY_POLICY.search(data) and _POLICY.search(data))


def labels(spec: CanarySpec) -> frozenset[str]:
    """List the words of which one stands in every document a canary may own or depend on.

    The workloads, Services and routes of a canary `x` name `x`, `x-primary` or `x-canary`; of a
    name with dots the first part is enough.
    """
    return words((spec.target.name, spec.apex), ("-primary", "-canary"))


def words(names: Iterable[str], suffixes: Iterable[str] = ("-primary",)) -> frozenset[str]:
    """List the words that stand in documents of these names, alone and with a suffix."""
    found: set[str] = set()
    for name in names:
        first, dot, _ = name.partition(".")
        found |= {first} if dot else {first, *(first + suffix for suffix in suffixes)}
    return frozenset(found)


def holds_subject(data: bytes) -> bool:
    """Tell whether a file may hold a workload or a route."""
    return _SUBJECT.search(data) is not None


def subject_of(data: bytes, wanted: frozenset[str]) -> frozenset[str]:
    r"""List the wanted labels a file names, if it may hold a workload or a route at all.

    >>> sorted(subject_of(b"kind: Deployment\nmetadata: {name: web}\n", frozenset({"web", "api"})))
    ['web']
    """
    if not wanted or not _SUBJECT.search(data):
        return frozenset()
    words = data.translate(_TABLE).decode().split()
    found = frozenset(wanted.intersection(words))
    if b"\\" in data and _ESCAPE.search(data):
        return found | {ANY_NAME}
    return found
