"""From blocks as they were given to blocks placed in time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.app import judge_models as models
from gitops_canary.app.judge_problems import Source
from gitops_canary.app.model_fields import Loc
from gitops_canary.errors import SpecError
from gitops_canary.manifest.problems import nearest, shown
from gitops_canary.model.judging import Block, Counts, Pod, Reading, Trouble

_TROUBLES = {
    "noData": Trouble.NO_DATA,
    "undefined": Trouble.UNDEFINED,
    "invalid": Trouble.INVALID,
    "stale": Trouble.STALE,
    "several": Trouble.SEVERAL,
    "partial": Trouble.PARTIAL,
    "error": Trouble.ERROR,
}


@dataclass(frozen=True, slots=True)
class Given:
    """A block as it was given, and where: by the path to it in what was read."""

    block: models.Block
    source: Source
    path: Loc = ()


def names(document: models.Document) -> frozenset[str]:
    """List the metrics that any of the judges has."""
    judges = (document.judge, *document.shadows)
    return frozenset(m.name for j in judges for m in (*j.metrics, *getattr(j, "values", ())))


def all_read(given: Given, known: frozenset[str]) -> None:
    """Refuse readings that no judge reads: of a name that was mistyped nothing would be judged.

    Raises:
        SpecError: there is one; it names the place.
    """
    for index, reading in enumerate(given.block.readings):
        if known and reading.metric not in known:
            raise SpecError(
                f"No judge has a metric {shown(reading.metric)}, so this would be left out.",
                remedy=f"{nearest(reading.metric, known)}; or leave the reading away",
                place=given.source.place((*given.path, "readings", index, "metric")),
            )


def _read_once(given: Given, index: int) -> None:
    """Refuse two readings of one metric: one would be left unread."""
    read = [reading.metric for reading in given.block.readings]
    for at, name in enumerate(read):
        if name in read[:at]:
            raise SpecError(
                f"Block {index} has two readings of {shown(name)}.",
                remedy="give one a block; what several series say cannot be judged",
                place=given.source.place((*given.path, "readings", at, "metric")),
            )


def placed(blocks: Iterable[Given], block_ms: int) -> Iterator[Block]:
    """Place blocks in time, each where the one before it ended unless it says so itself.

    Raises:
        SpecError: one overlaps the one before it, or has counts that cannot be; it names the place.
    """
    at_ms = 0
    for index, given in enumerate(blocks):
        one = given.block
        _read_once(given, index)
        start_ms, end_ms = _span(given, index, at_ms, block_ms)
        at_ms = end_ms
        yield Block(
            start_ms=start_ms,
            end_ms=end_ms,
            weight=one.weight,
            last=one.last,
            doubt=one.doubt,
            underway=one.underway,
            since_ms=one.since_ms,
            readings=tuple(_reading(given, index, at) for at in range(len(one.readings))),
        )


def _span(given: Given, index: int, at_ms: int, block_ms: int) -> tuple[int, int]:
    """Say from when to when a block is; `at_ms` is where the one before it ended."""
    one = given.block
    start_ms = at_ms if one.start_ms is None else one.start_ms
    end_ms = start_ms + block_ms if one.end_ms is None else one.end_ms
    if start_ms < at_ms:
        field, remedy = (
            "startMs",
            "put blocks in order, oldest first, without overlap and each once",
        )
        problem = (
            f"Block {index} begins at {start_ms} ms, before block {index - 1} ends at {at_ms}."
        )
    elif end_ms <= start_ms:
        field, remedy = "endMs", "let each block be longer than 0 ms"
        problem = f"Block {index} ends too early: at {end_ms} ms, and it begins at {start_ms}."
    elif one.since_ms is not None and one.since_ms > end_ms:
        field, remedy = "sinceMs", "say when the weight was asked for, which is before it is seen"
        problem = (
            f"Block {index} is of a weight that was asked for later: at {one.since_ms} ms, and it "
            f"ends at {end_ms}."
        )
    else:
        return start_ms, end_ms
    raise SpecError(problem, remedy=remedy, place=given.source.place((*given.path, field)))


def _reading(given: Given, index: int, at: int) -> Reading:
    one = given.block.readings[at]
    counts = _counts(one)
    with given.source.placing(*given.path, "readings", at, "counts"):
        sides = counts or Counts()
        _part(one, index, "the canary", (sides.canary, sides.canary_bad))
        _part(one, index, "the primary", (sides.primary, sides.primary_bad))
    for field, pods in (("pods", one.pods), ("primaryPods", one.primary_pods)):
        for name, both in pods.items():
            with given.source.placing(*given.path, "readings", at, field, name):
                _part(one, index, f"pod {shown(name)}", both)
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


def _part(one: models.Reading, index: int, who: str, both: tuple[int, int]) -> None:
    """Refuse more bad requests than requests."""
    requests, bad = both
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
