"""The Canary that `init` writes: short, with a word on every line a person may want to turn."""

from dataclasses import dataclass

from gitops_canary.manifest.initial.flagger import LADDER
from gitops_canary.manifest.scalars import written
from gitops_canary.model.initial import Measured
from gitops_canary.model.spec import JudgePolicy

_MINUTE_MS = 60_000

_WEIGHTED = """\
    stepWeights: {ladder} # percent of traffic, then promotion
"""
_ALL_OR_NOTHING = """\
    iterations: 10 # looks at what calls {service}-canary, then all traffic goes there
"""
_SOURCE = """\
      - name: {name}
        container: {name}
        candidate: {{file: {file}, {document}field: {candidate}}}
        primary: {{file: {primary_file}, {primary_document}field: {primary}}}
"""
_JUDGE = """\
    judge:
      type: threshold # the router counts both sides in one, so nothing can be compared
"""
_FAILED = "failed looks before the version is rolled back"
_EVIDENCE = """\
failed looks at a query, to roll back; builtin metrics condemn by evidence instead
    # onInconclusive: unproven {limit} at the last step, it is promoted, given {least} requests
"""
_REQUESTS = """\
      - name: request-success-rate
        interval: 1m
        thresholdRange:
          min: 99 # percent
"""
_LATENCY = """\
      - name: request-duration
        interval: 1m
        thresholdRange:
          max: {limit} # milliseconds, of 99 in 100 requests; a bound of the router's buckets
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two fields that hold one image."""

    container: str
    file: str
    document: str
    candidate: str
    primary_file: str
    primary_document: str
    primary: str


def canary_text(
    *,
    kind: str,
    name: str,
    namespace: str,
    provider: str,
    service: str,
    pairs: tuple[Pair, ...],
    schema: str,
    measured: Measured,
    own_id: str = "",
) -> str:
    """Write the document as a file's text.

    `schema` is the path an editor finds it by, `measured` the builtin metrics of the provider.
    """
    apex = f"  service: {{name: {service}}} # what users call\n" if service != name else ""
    told = f"  id: {own_id} # what it is called, and in no other cluster\n" if own_id else ""
    source = "  source: # where the two versions lie\n    fields:\n" if pairs else ""
    source += "".join(_pair(pair) for pair in pairs)
    ladder = _ALL_OR_NOTHING if provider == "kubernetes" else _WEIGHTED
    ladder = ladder.format(ladder=list(LADDER), service=service)
    judge = "" if measured.compared else _JUDGE
    failed = _evidence(JudgePolicy()) if measured.compared else _FAILED
    checks = _REQUESTS if measured.requests else ""
    if measured.latency_ms is not None:
        checks += _LATENCY.format(limit=measured.latency_ms)
    return f"""\
# yaml-language-server: $schema={schema}
# How a new version of {name} earns its traffic. `gitops-canary lint --explain` tells it in words,
# `gitops-canary backtest` how a healthy version would have fared.
apiVersion: gitops-canary.dev/v1alpha1
kind: Canary
metadata:
  name: {name}
  namespace: {namespace}
spec:
{told}  provider: {provider}
  targetRef:
    apiVersion: apps/v1
    kind: {kind}
    name: {name}
{apex}{source}  progressDeadlineSeconds: 600 # how long a move may take until it is live
  analysis:
    interval: 1m # time between two looks
    threshold: 3 # {failed}
{judge}{ladder}    metrics:
{checks}"""


def _evidence(usual: JudgePolicy) -> str:
    """Say what the judge does that a Canary of ours has where it names none."""
    limit = f"{usual.max_hold_ms // _MINUTE_MS}m"
    return _EVIDENCE.format(limit=limit, least=usual.min_requests).rstrip()


def _pair(pair: Pair) -> str:
    def named(document: str) -> str:
        return f"document: {document}, " if document else ""

    return _SOURCE.format(
        name=pair.container,
        file=_quoted(pair.file),
        document=named(pair.document),
        candidate=_quoted(pair.candidate),
        primary_file=_quoted(pair.primary_file),
        primary_document=named(pair.primary_document),
        primary=_quoted(pair.primary),
    )


def _quoted(value: str) -> str:
    return written(value, style="", old="")
