"""Judging blocks from a file: what would a judge have said?"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from gitops_canary.app import judge_models as models
from gitops_canary.app.judge_building import built
from gitops_canary.app.judge_problems import SEE, refusal
from gitops_canary.core.judges import judged
from gitops_canary.core.text import percent
from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.judging import Block, Counts, Pod, Reading, Trouble
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome

BYTES_MAX = 64 * 1024 * 1024
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


def verdicts(data: bytes, file: str = "") -> Iterator[Json]:
    """Judge a document; one verdict a block, as JSON. Errors name its file.

    Raises:
        SpecError: it is no such document.
    """
    try:
        document = _document(data)
        blocks = tuple(_blocks(document))
        judges = [built(one) for one in (document.judge, *document.shadows)]
    except SpecError as error:
        if file and error.place is None:
            raise SpecError(error.problem, remedy=error.remedy, place=Place(file)) from None
        if file and error.place:
            place = replace(error.place, file=file)
            raise SpecError(error.problem, remedy=error.remedy, place=place) from None
        raise
    runs = [list(judged(config, blocks)) for config in judges]
    for index, (block, *said) in enumerate(zip(blocks, *runs, strict=True)):
        deciding, *shadows = (_said(verdict, block) for verdict in said)
        yield {"block": index, **deciding, "shadows": shadows}


def _document(data: bytes) -> models.Document:
    if not data.strip():
        raise SpecError("There are no blocks: nothing was given.", remedy=SEE)
    if len(data) > BYTES_MAX:
        raise SpecError(f"The blocks are more than {BYTES_MAX} bytes.", remedy="give fewer at once")
    try:
        return models.Document.model_validate(json.loads(data, object_pairs_hook=_unique))
    except ValidationError as error:
        raise refusal(error) from None
    except json.JSONDecodeError as error:
        place = Place("blocks", error.lineno, error.colno)
        raise SpecError(
            f"The blocks are no JSON: {error.msg.lower()}.", remedy=SEE, place=place
        ) from None
    except UnicodeDecodeError:
        raise SpecError("The blocks are no UTF-8.", remedy="save the file as UTF-8") from None
    except RecursionError:
        raise SpecError("The blocks are no JSON: nested too deeply.", remedy=SEE) from None
    except ValueError:
        raise SpecError(
            "The blocks are no JSON: a number has too many digits.", remedy=SEE
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SpecError(
            f"The blocks are no JSON with one meaning: an object has {shown(twice)} twice.",
            remedy="leave one of them",
        )
    return found


def _read_once(one: models.Block, index: int) -> None:
    """Refuse two readings of one metric: one would be left unread."""
    read = [reading.metric for reading in one.readings]
    twice = next((name for name in read if read.count(name) > 1), None)
    if twice is not None:
        raise SpecError(
            f"Block {index} has two readings of {shown(twice)}.",
            remedy="give one a block; what several series say cannot be judged",
        )


def _ever_read(document: models.Document) -> None:
    """Refuse a document that judges nothing: without blocks, or with names that no judge has."""
    if not document.blocks:
        raise SpecError("There is not one block.", remedy=SEE)
    read = {reading.metric for block in document.blocks for reading in block.readings}
    judges = (document.judge, *document.shadows)
    metrics = [m.name for one in judges for m in (*one.metrics, *getattr(one, "values", ()))]
    if read and metrics and not read & set(metrics):
        name = min(read)
        raise SpecError(
            f"No judge has a metric {shown(name)}, and no block a reading of {metrics[0]}.",
            remedy=nearest(name, metrics),
        )


def _blocks(document: models.Document) -> Iterator[Block]:
    """Place the blocks in time, each where the one before it ended unless it says so itself."""
    _ever_read(document)
    at_ms = 0
    for index, one in enumerate(document.blocks):
        _read_once(one, index)
        start_ms = at_ms if one.start_ms is None else one.start_ms
        end_ms = start_ms + document.block_ms if one.end_ms is None else one.end_ms
        if start_ms < at_ms:
            raise SpecError(
                f"Block {index} begins at {start_ms} ms, before block {index - 1} ends at {at_ms}.",
                remedy="put blocks in order, oldest first, without overlap and each once",
            )
        if end_ms <= start_ms:
            raise SpecError(
                f"Block {index} ends too early: at {end_ms} ms, and it begins at {start_ms}.",
                remedy="let each block be longer than 0 ms",
            )
        at_ms = end_ms
        yield Block(
            start_ms=start_ms,
            end_ms=end_ms,
            weight=one.weight,
            last=one.last,
            doubt=one.doubt,
            underway=one.underway,
            since_ms=one.since_ms,
            readings=tuple(_reading(reading, index) for reading in one.readings),
        )


def _reading(one: models.Reading, index: int) -> Reading:
    counts = _counts(one)
    _parts(one, counts, index)
    return Reading(
        metric=one.metric,
        counts=counts,
        pods=_pods(one.pods),
        primary_pods=_pods(one.primary_pods),
        value=_text(one.value),
        results=tuple(str(value) for value in one.results),
        canary=tuple(str(value) for value in one.canary),
        primary=tuple(str(value) for value in one.primary),
        baseline=_text(one.baseline),
        trouble=_TROUBLES[one.trouble] if one.trouble else None,
        why=one.why or (_TROUBLES[one.trouble].value if one.trouble else ""),
    )


def _parts(one: models.Reading, counts: Counts | None, index: int) -> None:
    """Refuse more bad requests than requests, on a side or on a pod."""
    sides = {"the canary": (0, 0), "the primary": (0, 0)}
    if counts:
        sides["the canary"] = counts.canary, counts.canary_bad
        sides["the primary"] = counts.primary, counts.primary_bad
    pods = [*one.pods.items(), *one.primary_pods.items()]
    every = [*sides.items(), *((f"pod {shown(name)}", both) for name, both in pods)]
    for who, (requests, bad) in every:
        if bad > requests:
            raise SpecError(
                f"Block {index} has more bad requests than requests for {one.metric}: {bad} of "
                f"{requests} on {who}.",
                remedy="bad requests are part of the total",
            )


def _pods(given: Mapping[str, tuple[int, int]]) -> tuple[Pod, ...]:
    return tuple(Pod(name=name, requests=n, bad=bad) for name, (n, bad) in given.items())


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
        "heard": verdict.heard or verdict.outcome is not Outcome.INCONCLUSIVE,
        "reason": verdict.reason or _reason(verdict),
        "startMs": block.start_ms,
        "endMs": block.end_ms,
        "weight": percent(block.weight),
        "checks": [_check(one) for one in verdict.measurements],
    }


def _reason(verdict: Verdict) -> str:
    """Say why, where the judge leaves that to its checks: by the first that decides."""
    first = next((m for m in verdict.measurements if m.outcome is verdict.outcome), None)
    if first is None or verdict.outcome is Outcome.PASS:
        return "every check is within its limits"
    was = "" if first.value is None else f" was {first.value},"
    return f"{first.check}{was or ':'} {first.why}"


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
