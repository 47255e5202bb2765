"""The bulk behind a decision: canonical JSON that two replicas write to the same byte."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from gitops_canary.core.message import table
from gitops_canary.core.text import iso, percent
from gitops_canary.model.decision import Act
from gitops_canary.model.names import Digest, Path
from gitops_canary.model.observation import Answer, Liveness, Question, Verdict
from gitops_canary.model.rollout import Record

Json = dict[str, Any]
SCHEMA = "gitops-canary.dev/decision/v1"


def decision_json(
    act: Act,
    record: Record,
    *,
    policy: Mapping[str, Any],
    answers: Mapping[Question, Answer],
) -> bytes:
    """Write `decision-NN.json` (RFC 8785); `record.evidence` plays no part in it."""
    document: Json = {
        "schema": SCHEMA,
        "canary": record.canary,
        "rollout": record.rollout,
        "action": record.action.value,
        "decidedAt": iso(act.at_ms),
        "reason": act.reason,
        "step": f"{record.step}/{record.steps}",
        "weight": {"from": percent(record.weight_from), "to": percent(record.weight_to)},
        "version": record.version,
        "source": record.source,
        "stable": record.stable,
        "previous": record.previous,
        "reverts": list(record.reverts),
        "verdict": record.verdict.value,
        "failed": f"{record.failed}/{record.threshold}",
        "policy": {"digest": record.policy, "effective": dict(policy)},
        "live": _liveness(act.live),
        "verdicts": [_verdict(v) for v in act.verdicts],
        "queries": _queries(answers, until_ms=act.at_ms),
    }
    return rfc8785.dumps(document)


def digest(data: bytes) -> Digest:
    """Give the sha256 that `Canary-Evidence` carries."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def decision_path(record: Record, number: int) -> Path:
    """Say where the bulk of a rollout's decision lies on the evidence branch."""
    return Path(f"{record.canary}/{record.rollout}/decision-{number:02}.json")


def _liveness(live: Liveness | None) -> Json | None:
    if live is None or live.live_ms is None:
        return None
    return {"since": iso(live.live_ms), "proof": list(live.proof), "detail": dict(live.detail)}


def _verdict(verdict: Verdict) -> Json:
    return {
        "outcome": verdict.outcome.value,
        "window": f"{iso(verdict.window.start_ms)}/{iso(verdict.window.end_ms)}",
        "checks": [
            {
                "name": m.check,
                "verdict": m.outcome.value,
                "value": m.value,
                "baseline": m.baseline,
                "limit": m.limit,
                "samples": m.samples,
                "why": m.why,
            }
            for m in verdict.measurements
        ],
    }


def _queries(answers: Mapping[Question, Answer], *, until_ms: int) -> list[Json]:
    """List every question with its answer up to the decision: later samples differ by replica."""
    rows = [_query(q, a, until_ms) for q, a in answers.items() if q.start_ms <= until_ms]
    return sorted(rows, key=lambda row: (row["expression"], row["from"]))


def _query(question: Question, answer: Answer, until_ms: int) -> Json:
    return {
        "source": question.source,
        "expression": question.expression,
        "from": iso(question.start_ms),
        "to": iso(min(question.end_ms, until_ms)),
        "stepMs": question.step_ms,
        "error": answer.error,
        "series": [
            {
                "labels": dict(series.labels),
                "samples": [[s.at_ms, s.value] for s in series.samples if s.at_ms <= until_ms],
            }
            for series in sorted(answer.series, key=lambda s: sorted(s.labels.items()))
            # A series born after the decision is one that another replica may not have seen.
            if any(s.at_ms <= until_ms for s in series.samples)
        ],
    }


def readme(existing: str, act: Act, record: Record, first_line: str) -> str:
    """Add one decision to a rollout's readable page; the first one begins it."""
    head = f"# {record.canary}: rollout {record.rollout}\n\n{_facts(record)}\n"
    page = existing or head
    lines = [f"\n## {first_line}\n", f"{iso(act.at_ms)}. {act.reason}\n"]
    if act.verdicts:
        lines.append(f"```text\n{table(act.verdicts[-1])}\n```\n")
    return page + "\n".join(lines)


def _facts(record: Record) -> str:
    rows: Sequence[tuple[str, str]] = (
        ("version", record.version),
        ("source", record.source),
        ("stable", record.stable),
        ("policy", record.policy),
    )
    return "\n".join(f"- {name}: `{value}`" for name, value in rows)
