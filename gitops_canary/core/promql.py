"""PromQL texts: values are typed before they go in, and windows are read back out."""

import re
from collections.abc import Mapping
from functools import lru_cache

from gitops_canary.core.text import one_line
from gitops_canary.errors import Place, SpecError

QUERY_MAX = 10_000
"""Characters of a rendered query; longer ones are a mistake or an attack."""
_KNOWN = 1024
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_VALUE = re.compile(r"[A-Za-z0-9_./:|*+?%@=^$~,-]{1,253}")
_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_][\w.-]*)\s*-?\}\}")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`|#[^\n]*')
_SPAN = r"((?:\d+(?:ms|[smhdwy]))+)"
_RANGE = re.compile(rf"\[\s*{_SPAN}\s*(:[^\]]*)?\]")
_OFFSET = re.compile(rf"\boffset\s+(-?)\s*{_SPAN}")
_PINNED = re.compile(r"@\s*(?:start|end)\s*\(")
_UNITS_MS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}


def exactly(label: str, name: str) -> str:
    """Write a matcher for one Kubernetes name.

    >>> exactly("namespace", "prod")
    'namespace="prod"'

    Raises:
        SpecError: the name is none.
    """
    return f'{label}="{_named(name)}"'


def one_of(label: str, *names: str) -> str:
    r"""Write a matcher for any of some Kubernetes names.

    >>> one_of("pod", "a.b", "c")
    'pod=~"a\\\\.b|c"'

    Raises:
        SpecError: one of them is no such name.
    """
    return f'{label}=~"{"|".join(escaped(name) for name in names)}"'


def escaped(name: str) -> str:
    """Write a Kubernetes name as a regular expression inside a PromQL string.

    Raises:
        SpecError: it is no such name.
    """
    return _named(name).replace(".", r"\\.")


@lru_cache(_KNOWN)
def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise SpecError(
            f"{one_line(name)[:80]!r} cannot go into a query: it is no Kubernetes name.",
            remedy="use lower-case letters, digits, `-` and `.` only",
        )
    return name


def render(query: str, values: Mapping[str, str], *, place: Place | None = None) -> str:
    """Put values in the place of `{{ key }}`; nothing in a template is ever executed.

    >>> render('up{job="{{ target }}"}', {"target": "checkout"})
    'up{job="checkout"}'

    Raises:
        SpecError: a key is unknown, a value could end a string or begin another expression, or the
            query's answer would depend on when it is asked.
    """

    def value(match: re.Match[str]) -> str:
        key = match.group(1)
        if key not in values:
            raise SpecError(
                f"The query has {{{{ {key} }}}}, and there is no such value.",
                remedy=f"use one of {', '.join(sorted(values))}, or define it in templateVariables",
                place=place,
            )
        if not _VALUE.fullmatch(values[key]):
            raise SpecError(
                f"The value of {key}, {one_line(values[key])[:80]!r}, cannot go into a query.",
                remedy="use letters, digits and _./:|*+?%@=^$~,- only, no quotes or brackets",
                place=place,
            )
        return values[key]

    text = _PLACEHOLDER.sub(value, query).strip()
    problem = _refused(text)
    if problem:
        raise SpecError(problem[0], remedy=problem[1], place=place)
    return text


def _refused(text: str) -> tuple[str, str] | None:
    bare = _LITERAL.sub('""', text)
    if not bare or len(text) > QUERY_MAX:
        return (
            f"The query has {len(text)} characters.",
            f"write one of 1 to {QUERY_MAX} characters, or use a recording rule",
        )
    if "{{" in text:
        return (
            "The query has a {{ }} that is more than a name.",
            "replace it by a value; functions and conditions are not supported",
        )
    if _PINNED.search(bare) or any(match.group(1) for match in _OFFSET.finditer(bare)):
        return (
            "The query reaches past its evaluation time.",
            "remove `@ start()`, `@ end()` and negative offsets: asked later it would answer else",
        )
    return None


@lru_cache(_KNOWN)
def reach_ms(query: str) -> int:
    """Say how far a query looks back from its evaluation time, at the most.

    >>> reach_ms('sum(rate(x{a="[9h]"}[1m30s] offset 10s))')
    100000
    >>> reach_ms("max_over_time(rate(x[5m])[30m:1m])")
    2100000
    """
    bare = _LITERAL.sub('""', query)
    ranges = list(_RANGE.finditer(bare))
    spans = [_span_ms(match.group(1)) for match in ranges]
    # A subquery looks back from each of its own steps, so the spans add up.
    total = sum(spans) if any(match.group(2) for match in ranges) else max(spans, default=0)
    offsets = (_span_ms(match.group(2)) for match in _OFFSET.finditer(bare))
    return total + max(offsets, default=0)


def _span_ms(text: str) -> int:
    return sum(int(n) * _UNITS_MS[unit] for n, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))
