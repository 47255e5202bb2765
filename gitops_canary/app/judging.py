"""Judging blocks from a file: what would a judge have said?"""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from gitops_canary.app import judge_models as models
from gitops_canary.app.judge_building import built
from gitops_canary.core.judges import judged
from gitops_canary.core.text import percent
from gitops_canary.errors import SpecError
from gitops_canary.model.judging import Block, Counts, Reading, Trouble
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome

BYTES_MAX = 64 * 1024 * 1024
_SHOWN_MAX = 5
_TROUBLES = {
    "noData": Trouble.NO_DATA,
    "undefined": Trouble.UNDEFINED,
    "invalid": Trouble.INVALID,
    "stale": Trouble.STALE,
    "several": Trouble.SEVERAL,
    "partial": Trouble.PARTIAL,
    "error": Trouble.ERROR,
}
Json = dict[str, Any]


def schema() -> Json:
    """Give the JSON Schema (draft 2020-12) of what is read."""
    made = models.Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def verdicts(data: bytes) -> Iterator[Json]:
    """Judge a document; one verdict a block, as JSON.

    Raises:
        SpecError: it is no such document.
    """
    document = _document(data)
    blocks = tuple(_blocks(document))
    judges = [built(one) for one in (document.judge, *document.shadows)]
    runs = [list(judged(config, blocks)) for config in judges]
    for index, (block, *said) in enumerate(zip(blocks, *runs, strict=True)):
        deciding, *shadows = (_said(verdict, block) for verdict in said)
        yield {"block": index, **deciding, "shadows": shadows}


def _document(data: bytes) -> models.Document:
    if len(data) > BYTES_MAX:
        raise SpecError(
            f"The blocks are {len(data)} bytes.", remedy=f"give at most {BYTES_MAX} at once"
        )
    try:
        return models.Document.model_validate(json.loads(data, object_pairs_hook=_unique))
    except ValidationError as error:
        found = [_problem(one) for one in error.errors(include_url=False)]
        more = f"; and {len(found) - _SHOWN_MAX} more" if len(found) > _SHOWN_MAX else ""
        raise SpecError(
            f"The blocks cannot be judged: {'; '.join(found[:_SHOWN_MAX])}{more}.",
            remedy="see `gitops-canary schema judge`",
        ) from None
    except (ValueError, RecursionError):
        raise SpecError(
            "The blocks are no JSON.", remedy="see `gitops-canary schema judge`"
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg'].lower()}"


def _blocks(document: models.Document) -> Iterator[Block]:
    """Place the blocks in time, each where the one before it ended unless it says so itself."""
    at_ms = 0
    for index, one in enumerate(document.blocks):
        start_ms = at_ms if one.start_ms is None else one.start_ms
        end_ms = start_ms + document.block_ms if one.end_ms is None else one.end_ms
        if start_ms < at_ms or end_ms <= start_ms:
            raise SpecError(
                f"Block {index} begins before the end of the one before it, or ends too early.",
                remedy="put blocks in order, without overlap, each longer than 0 ms",
            )
        at_ms = end_ms
        yield Block(
            start_ms=start_ms,
            end_ms=end_ms,
            weight=one.weight,
            last=one.last,
            doubt=one.doubt,
            since_ms=one.since_ms,
            readings=tuple(_reading(reading, index) for reading in one.readings),
        )


def _reading(one: models.Reading, index: int) -> Reading:
    counts = _counts(one)
    if counts and (counts.canary_bad > counts.canary or counts.primary_bad > counts.primary):
        raise SpecError(
            f"Block {index} has more bad requests than requests for {one.metric}.",
            remedy="bad requests are part of the total",
        )
    return Reading(
        metric=one.metric,
        counts=counts,
        value=_text(one.value),
        results=tuple(str(value) for value in one.results),
        canary=tuple(str(value) for value in one.canary),
        primary=tuple(str(value) for value in one.primary),
        baseline=_text(one.baseline),
        trouble=_TROUBLES[one.trouble] if one.trouble else None,
        why=one.why or (one.trouble or ""),
    )


def _counts(one: models.Reading) -> Counts | None:
    match one.counts:
        case None:
            return None
        case models.Counts() as c:
            return Counts(
                canary=c.canary,
                canary_bad=c.canary_bad,
                primary=c.primary,
                primary_bad=c.primary_bad,
            )
        case (canary, canary_bad, primary, primary_bad):
            return Counts(
                canary=canary, canary_bad=canary_bad, primary=primary, primary_bad=primary_bad
            )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _said(verdict: Verdict, block: Block) -> Json:
    return {
        "judge": verdict.judge,
        "outcome": verdict.outcome.value,
        "decision": decision(verdict, block),
        "final": verdict.final,
        "heard": verdict.heard,
        "reason": verdict.reason,
        "startMs": block.start_ms,
        "endMs": block.end_ms,
        "weight": percent(block.weight),
        "checks": [_check(one) for one in verdict.measurements],
    }


def decision(verdict: Verdict, block: Block) -> str:
    """Say in one word what a controller would do."""
    if verdict.outcome is Outcome.PASS:
        return "promote" if block.last else "advance"
    return "rollback" if verdict.outcome is Outcome.FAIL and verdict.final else "hold"


def _check(one: Measurement) -> Json:
    return {
        "name": one.check,
        "outcome": one.outcome.value,
        "value": one.value,
        "baseline": one.baseline,
        "limit": one.limit,
        "samples": one.samples,
        "why": one.why,
        "numbers": dict(one.numbers),
    }
