"""Judges beside the deciding one: they say what they would decide, and decide nothing."""

from collections.abc import Sequence
from dataclasses import replace

from gitops_canary.model.observation import Verdict


def beside(
    deciding: Sequence[Verdict], shadows: Sequence[Sequence[Verdict]], *, early: bool
) -> tuple[Verdict, ...]:
    """Tell with each verdict the newest that each of the shadows had by then.

    One that had none is left out: what it said later another replica may not have seen, and no
    record holds. `early` takes its first one then, as records before decision 54 do.
    """
    return tuple(
        replace(
            one,
            shadows=tuple(
                found
                for run in shadows
                if (found := _by(run, one.window.end_ms, early=early)) is not None
            ),
        )
        for one in deciding
    )


def _by(run: Sequence[Verdict], end_ms: int, *, early: bool) -> Verdict | None:
    newest = next((one for one in reversed(run) if one.window.end_ms <= end_ms), None)
    return run[0] if newest is None and early and run else newest
