"""From blocks as they were given to blocks placed in time."""

from collections.abc import Iterable, Iterator, Mapping

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


def names(document: models.Document) -> frozenset[str]:
    """List the metrics that any of the judges has."""
    judges = (document.judge, *document.shadows)
    return frozenset(m.name for j in judges for m in (*j.metrics, *getattr(j, "values", ())))


def all_read(block: models.Block, known: frozenset[str], source: Source, path: Loc) -> None:
    """Refuse readings that no judge reads: of a name that was mistyped nothing would be judged.

    Raises:
        SpecError: there is one; it names the place.
    """
    for index, reading in enumerate(block.readings):
        if known and reading.metric not in known:
            raise SpecError(
                f"No judge has a metric {shown(reading.metric)}, so this would be left out.",
                remedy=f"{nearest(reading.metric, known)}; or leave the reading away",
                place=source.place((*path, "readings", index, "metric")),
            )


def _read_once(one: models.Block, index: int) -> None:
    """Refuse two readings of one metric: one would be left unread."""
    read = [reading.metric for reading in one.readings]
    twice = next((name for name in read if read.count(name) > 1), None)
    if twice is not None:
        raise SpecError(
            f"Block {index} has two readings of {shown(twice)}.",
            remedy="give one a block; what several series say cannot be judged",
        )


def placed(blocks: Iterable[models.Block], block_ms: int) -> Iterator[Block]:
    """Place blocks in time, each where the one before it ended unless it says so itself.

    Raises:
        SpecError: one overlaps the one before it, or has counts that cannot be.
    """
    at_ms = 0
    for index, one in enumerate(blocks):
        _read_once(one, index)
        start_ms = at_ms if one.start_ms is None else one.start_ms
        end_ms = start_ms + block_ms if one.end_ms is None else one.end_ms
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
