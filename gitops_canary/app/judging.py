"""Judging blocks from a file: what would a judge have said?"""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gitops_canary.app import judge_models as models
from gitops_canary.app.judge_blocks import Given, all_read, names, placed
from gitops_canary.app.judge_building import judges
from gitops_canary.app.judge_json import read
from gitops_canary.app.judge_problems import LINES, SEE, Source, refusal
from gitops_canary.app.judge_verdicts import Said
from gitops_canary.core.judges import Config, judged
from gitops_canary.core.text import percent
from gitops_canary.errors import Place, SpecError
from gitops_canary.model.judging import Block
from gitops_canary.model.observation import Measurement, Verdict
from gitops_canary.model.rollout import Outcome

BYTES_MAX = 64 * 1024 * 1024
LINE_MAX = 1024 * 1024
Json = dict[str, Any]
M = TypeVar("M", bound=BaseModel)


def schema() -> Json:
    """Give the JSON Schema (draft 2020-12) of what is read."""
    return _schema(models.Document)


def verdict_schema() -> Json:
    """Give the JSON Schema of each verdict that is told."""
    return _schema(Said)


def _schema(model: type[BaseModel]) -> Json:
    made = model.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def verdicts(data: bytes, file: str = "") -> Iterator[Json]:
    """Judge a document; one verdict a block, as JSON. Errors name its file.

    Raises:
        SpecError: it is no such document; then nothing was judged.
    """
    with placing(file):
        document, source = _document(data)
        every = enumerate(document.blocks)
        given = [Given(block, source, ("blocks", index)) for index, block in every]
        if not given:
            raise _none(source)
        known = names(document)
        for one in given:
            all_read(one, known)
        configs = judges(document, source)
        blocks = tuple(placed(given, document.block_ms))
    yield from said(configs, blocks)


def _none(source: Source) -> SpecError:
    place = source.place(("blocks",))
    return SpecError("There is not one block.", remedy=SEE, place=place)


def header(line: bytes) -> bool:
    """Whether a line is a document without blocks, which follow one a line."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "judge" in found and "blocks" not in found


def streamed(first: bytes, lines: Iterable[bytes], file: str = "") -> Iterator[Json]:
    """Judge blocks that come one a line, each as soon as it is read; nothing of them is kept.

    Raises:
        SpecError: a line is no block; what came before it was judged.
    """
    with placing(file):
        document, source = _read(models.Document, first, 1, blocks=[])
        configs = judges(document, source)
        begun = False
        for one in said(configs, placed(_lines(document, lines), document.block_ms)):
            begun = True
            yield one
        if not begun:
            raise _none(source)


def _lines(document: models.Document, lines: Iterable[bytes]) -> Iterator[Given]:
    known = names(document)
    for number, line in enumerate(lines, start=2):
        if len(line) > LINE_MAX:
            raise SpecError(
                f"A block has more than {LINE_MAX} bytes.",
                remedy="give one block a line",
                place=Place("blocks", number, 1),
            )
        if line.strip():
            given = Given(*_read(models.Block, line, number))
            all_read(given, known)
            yield given


def said(configs: Sequence[Config], blocks: Iterable[Block]) -> Iterator[Json]:
    """Judge by several judges at once, the first of which decides."""
    given, *copies = itertools.tee(blocks, len(configs) + 1)
    runs = [judged(config, copy) for config, copy in zip(configs, copies, strict=True)]
    for index, (block, *found) in enumerate(zip(given, *runs, strict=True)):
        deciding, *shadows = (_said(verdict, block) for verdict in found)
        yield {"block": index, **deciding, "shadows": shadows}


@contextmanager
def placing(file: str) -> Iterator[None]:
    """Let errors name the file."""
    try:
        yield
    except SpecError as error:
        if not file:
            raise
        place = replace(error.place, file=file) if error.place else Place(file)
        raise SpecError(error.problem, remedy=error.remedy, place=place) from None


def _document(data: bytes) -> tuple[models.Document, Source]:
    if not data.strip():
        raise SpecError("There are no blocks: nothing was given.", remedy=SEE)
    if len(data) > BYTES_MAX:
        raise SpecError(f"The blocks are more than {BYTES_MAX} bytes.", remedy=LINES)
    return _read(models.Document, data)


def _read(model: type[M], data: bytes, line: int = 1, **more: object) -> tuple[M, Source]:
    """Read one value of JSON; `line` is where it begins in its file."""
    source = read(data, line)
    try:
        return model.model_validate({**source.value, **more} if more else source.value), source
    except ValidationError as error:
        raise refusal(error, model, source) from None


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
