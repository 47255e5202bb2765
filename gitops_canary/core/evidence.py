"""The bulk behind a decision: canonical JSON that two replicas write to the same byte."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gitops_canary.core.alternatives import alternatives
from gitops_canary.core.basis import Basis
from gitops_canary.core.canonical import canonical
from gitops_canary.core.diffs import diff
from gitops_canary.core.exposure import exposure_json
from gitops_canary.core.hooks import used
from gitops_canary.core.text import iso, percent
from gitops_canary.model.decision import Act
from gitops_canary.model.names import Digest, Path
from gitops_canary.model.observation import Answer, Liveness, Question, Series, Verdict
from gitops_canary.model.owned import Owned, Side
from gitops_canary.model.rollout import Record
from gitops_canary.model.spec import CanarySpec

Json = dict[str, Any]
Answers = Mapping[Question, Answer]
SCHEMA = "gitops-canary.dev/decision/v1"
PAGES = 11
"""How pages are worded. It rises with every other wording, so that old ones are not taken for
changed; each decision holds it, under its digest, so that nobody can pass a page off as old."""


def decision_json(act: Act, record: Record, basis: Basis) -> bytes:
    """Write `decision-NN.json` (RFC 8785); `record.evidence` plays no part in it."""
    answers = until(basis.answers, act.at_ms)
    document: Json = {
        "schema": SCHEMA,
        "pages": PAGES,
        "decidedAt": iso(act.at_ms),
        "reason": act.reason,
        **({"override": True} if act.override else {}),
        **said(record),
        **_context(basis),
        "live": _liveness(act.live),
        "verdicts": [verdict_json(v) for v in act.verdicts],
        **_webhooks(act),
        "queries": _queries(answers),
        "exposure": exposure_json(act, record, basis, answers),
        "alternatives": [
            {"action": action, "whyNot": why} for action, why in alternatives(act, record)
        ],
    }
    return canonical(document)


def _webhooks(act: Act) -> Json:
    """Write down what webhooks said, which nobody can ask again; nothing where none was asked."""
    rows = [
        {
            "name": hook.name,
            "type": hook.type.value,
            "at": iso(at_ms),
            "passed": reply.passed,
            "status": reply.status,
            "why": reply.why,
        }
        for hook, at_ms, reply in used(act.told, act.at_ms)
    ]
    return {"webhooks": rows} if rows else {}


def promoted(spec: CanarySpec) -> str:
    """Name the workload that serves everyone."""
    return f"{spec.target.name}-primary"


def said(record: Record) -> Json:
    """Repeat what the commit's trailers say, all but the digest of these bytes."""
    window = record.window
    return {
        "canary": record.canary,
        "rollout": record.rollout,
        "action": record.action.value,
        "step": f"{record.step}/{record.steps}",
        "weight": {"from": percent(record.weight_from), "to": percent(record.weight_to)},
        "version": record.version,
        "source": record.source,
        "stable": record.stable,
        "previous": record.previous,
        "reverts": list(record.reverts),
        "verdict": record.verdict.value,
        "failed": f"{record.failed}/{record.threshold}",
        "window": _window(window.start_ms, window.end_ms) if window else None,
    }


def _context(basis: Basis) -> Json:
    spec = basis.spec
    return {
        "measured": {
            "namespace": spec.namespace,
            "name": spec.name,
            "target": spec.target.name,
            "service": spec.apex,
            "provider": spec.provider,
            **({} if spec.target.kind == "Deployment" else {"kind": spec.target.kind}),
            **({"workload": promoted(spec)} if basis.finished else {}),
        },
        "policy": {
            "digest": basis.policy.digest,
            "revision": basis.policy_revision,
            "effective": dict(basis.effective),
            "origin": dict(basis.origins),
        },
        "timing": _timing(basis),
        "owned": {"before": owned_json(basis.before), "after": owned_json(basis.after)},
        "changes": [
            {"path": path, "diff": diff(path, *texts)}
            for path, texts in sorted(basis.changes.items())
        ],
    }


def _timing(basis: Basis) -> Json:
    timing: Json = {"scrapeMs": basis.scrape_ms, "lagMs": basis.lag_ms}
    timing |= {"underway": True, "rule": basis.rule}
    timing |= {"landed": True, "sealed": True} if basis.landed else {}
    if basis.scrape_timeout_ms is None:
        return timing
    return {**timing, "scrapeTimeoutMs": basis.scrape_timeout_ms}


def digest(data: bytes) -> Digest:
    """Give the sha256 that `Canary-Evidence` carries."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def decision_path(record: Record, number: int) -> Path:
    """Say where the bulk of a rollout's decision lies on the evidence branch."""
    return Path(f"{record.canary}/{record.rollout}/decision-{number:02}.json")


def owned_values(decision: bytes) -> Json:
    """Read the owned values before and after a move out of its bulk."""
    owned: Json = json.loads(decision)["owned"]
    return owned


def verdict_json(verdict: Verdict) -> Json:
    """Write one verdict down, with every check's numbers as they were compared."""
    return {
        "at": iso(verdict.window.end_ms),
        "outcome": verdict.outcome.value,
        "window": _window(verdict.window.start_ms, verdict.window.end_ms),
        "checks": [
            {
                "name": m.check,
                "verdict": m.outcome.value,
                "value": m.value,
                "baseline": m.baseline,
                "limit": m.limit,
                "samples": m.samples,
                "why": m.why,
                "numbers": dict(m.numbers),
            }
            for m in verdict.measurements
        ],
        "judge": verdict.judge,
        "reason": verdict.reason,
        "final": verdict.final,
        "heard": verdict.heard,
        "shadows": [verdict_json(one) for one in verdict.shadows],
    }


def owned_json(owned: Owned) -> Json:
    """Write the owned values of one revision down."""
    return {
        "weight": percent(owned.weight),
        "shape": owned.shape,
        "candidate": _side(owned.candidate),
        "primary": _side(owned.primary),
    }


def _side(side: Side) -> Json:
    return {"digest": side.digest, "images": dict(side.images), "replicas": side.replicas}


def _window(start_ms: int, end_ms: int) -> str:
    return f"{iso(start_ms)}/{iso(end_ms)}"


def _liveness(live: Liveness | None) -> Json | None:
    if live is None or live.live_ms is None:
        return None
    return {"since": iso(live.live_ms), "proof": list(live.proof), "detail": dict(live.detail)}


def until(answers: Answers, at_ms: int) -> Answers:
    """Cut answers off at an instant: what came later, another replica may not have seen."""
    return {
        question._replace(end_ms=_cut(question, at_ms)): Answer(
            error=answer.error,
            series=tuple(
                Series(labels=series.labels, samples=kept)
                for series in answer.series
                if (kept := tuple(s for s in series.samples if s.at_ms <= at_ms))
            ),
        )
        for question, answer in answers.items()
        if question.start_ms <= at_ms
    }


def _cut(question: Question, at_ms: int) -> int:
    """Find the last of a question's own instants by an instant."""
    end_ms = min(question.end_ms, at_ms)
    step_ms = question.step_ms
    return end_ms - (end_ms - question.start_ms) % step_ms if step_ms else end_ms


def _queries(answers: Answers) -> list[Json]:
    rows = [_query(question, answer) for question, answer in answers.items()]
    return sorted(rows, key=lambda row: (row["source"], row["expression"], row["from"]))


def _query(question: Question, answer: Answer) -> Json:
    return {
        "source": question.source,
        "expression": question.expression,
        "from": iso(question.start_ms),
        "to": iso(question.end_ms),
        "stepMs": question.step_ms,
        "lookbackMs": question.lookback_ms,
        "error": answer.error,
        "series": [
            {
                "labels": dict(series.labels),
                "samples": [[sample.at_ms, sample.value] for sample in series.samples],
            }
            for series in sorted(answer.series, key=lambda s: sorted(s.labels.items()))
        ],
    }


def page_paths(record: Record) -> Sequence[Path]:
    """Name the readable pages of a rollout, which are rebuilt from its decisions."""
    folder = f"{record.canary}/{record.rollout}"
    return Path(f"{folder}/README.md"), Path(f"{folder}/report.html")
