"""Which files can matter to a canary, told from their bytes alone, without parsing any."""

import re
from collections.abc import Iterable

from gitops_canary.manifest.catalog import HIDDEN, KINDS, QUIET, mention
from gitops_canary.model.names import Path
from gitops_canary.model.spec import CanarySpec

POLICY_KINDS = ("AlertProvider", "Canary", "MetricTemplate")
"""Kinds that say what to do; every file that may hold one is read."""
_POLICY = re.compile(mention((*POLICY_KINDS, "List")).encode())
_ANY_POLICY = re.compile(f"(?<![0-9A-Za-z-])(?:{'|'.join(POLICY_KINDS)})(?![0-9A-Za-z-])".encode())
"""Passed by what `_POLICY` passes, `List` and aliases aside, and much faster."""
_HIDDEN = re.compile(HIDDEN.encode())
_SUBJECT = re.compile(mention((KINDS | QUIET) - set(POLICY_KINDS)).encode())
_HIDING = (b"\\", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")
_ESCAPE = re.compile(rb"\\(?:[xuU\r\n\xc2\xe2]|$)")
"""What can spell a name in YAML without writing it: a code, or a line break inside of it.

YAML 1.1 knows three line breaks beyond ASCII; `git.words` has the same for git.
"""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SPACES = bytes(
    byte if chr(byte).isalnum() or byte == ord("-") else ord(" ") for byte in range(128)
)
_TABLE = _SPACES + b" " * 128
ANY_NAME = "*"
"""Stands for every label where a file hides what it names behind escapes."""


def holds_policy(data: bytes) -> bool:
    r"""Tell whether a file may hold a Canary, a MetricTemplate or an AlertProvider.

    Kubernetes reads UTF-16 too. Nothing else here does, so that such a file is told of.

    >>> holds_policy(b"kind: Canary"), holds_policy(b'kind: "C\x5cx61nary"')
    (True, True)
    """
    if data.startswith(_UTF16):
        data = data.decode("utf-16", errors="replace").encode()
    if _ANY_POLICY.search(data) and _POLICY.search(data):
        return True
    return _hides_kind(data)


def _hides_kind(data: bytes) -> bool:
    return any(one in data for one in _HIDING) and _HIDDEN.search(data) is not None


def mentions(data: bytes, words: frozenset[str]) -> bool:
    r"""Tell whether one of some words stands in a file by itself, or may be hidden in it.

    What the other screens pass, this one passes for their words.

    >>> mentions(b"a: web.prod", frozenset({"web"})), mentions(b"a: web-1", frozenset({"web"}))
    (True, False)
    """
    found = words.intersection(data.translate(_TABLE).decode().split())
    return bool(found) or hides(data)


def hides(data: bytes) -> bool:
    """Tell whether a file may spell words otherwise than they are written."""
    return data.startswith(_UTF16) or (b"\\" in data and _ESCAPE.search(data) is not None)


def labels(spec: CanarySpec) -> frozenset[str]:
    """List the words of which one stands in every document a canary may own or depend on.

    The workloads, Services and routes of a canary `x` name `x`, `x-primary` or `x-canary`; of a
    name with dots the first part is enough.
    """
    return words((spec.target.name, spec.apex), ("-primary", "-canary"))


def sources(spec: CanarySpec) -> frozenset[Path]:
    """List the files a spec says its versions, its replicas or its weight lie in."""
    found = {ref.file for pair in spec.source for ref in (pair.candidate, pair.primary)}
    found |= {spec.routing.weight.file} if spec.routing else set()
    if spec.replicas:
        others = (spec.replicas.candidate, spec.replicas.primary)
        found |= {ref.file for ref in others if ref}
    return frozenset(found)


def words(names: Iterable[str], suffixes: Iterable[str] = ("-primary",)) -> frozenset[str]:
    """List the words that stand in documents of these names, alone and with a suffix."""
    found: set[str] = set()
    for name in names:
        first, dot, _ = name.partition(".")
        found |= {first} if dot else {first, *(first + suffix for suffix in suffixes)}
    return frozenset(found)


def subject_of(data: bytes, wanted: frozenset[str]) -> frozenset[str]:
    r"""List the wanted labels a file names, if it may hold a workload or a route at all.

    >>> sorted(subject_of(b"kind: Deployment\nmetadata: {name: web}\n", frozenset({"web", "api"})))
    ['web']
    """
    if not wanted or not (_SUBJECT.search(data) or _hides_kind(data)):
        return frozenset()
    words = data.translate(_TABLE).decode().split()
    found = frozenset(wanted.intersection(words))
    return found | {ANY_NAME} if hides(data) else found
