"""The ladder of weights."""

from decimal import Decimal

from gitops_canary.manifest.checked import Checked
from gitops_canary.manifest.scalars import spelled
from gitops_canary.manifest.strategy_fields import STEPS_MAX

_PLACES_MAX = 3
_ALTERNATIVES = ("stepWeight", "stepWeights", "iterations")
_WHOLE = Decimal(100)


def read_steps(doc: Checked) -> tuple[Decimal, ...]:
    """Read `stepWeight` with `maxWeight`, `stepWeights`, or the one step of `iterations`.

    What is wrong is noted in `doc`.

    No step exceeds `maxWeight`: 20 up to 50 is 20, 40, 50 (Flagger goes on to 60, and does not look
    at `maxWeight` beside `stepWeights`).
    """
    if not doc.has("analysis"):
        return ()
    given = [name for name in _ALTERNATIVES if doc.has(f"analysis.{name}")]
    if len(given) != 1:
        both = f"has {' and '.join(given)}" if given else "has no steps"
        remedy = "give one of stepWeight (with maxWeight), stepWeights and iterations"
        doc.complain("analysis", both, remedy)
        return ()
    if given == ["iterations"]:
        if doc.has("analysis.maxWeight"):
            doc.complain("analysis.maxWeight", "has no use beside iterations", "remove it")
        return (_WHOLE,)
    return _listed(doc) if given == ["stepWeights"] else _even(doc)


def _even(doc: Checked) -> tuple[Decimal, ...]:
    step, most = doc.number("analysis.stepWeight"), doc.number("analysis.maxWeight") or _WHOLE
    if step is None:
        return ()
    exact(doc, "analysis.stepWeight", step)
    exact(doc, "analysis.maxWeight", most)
    if step > most:
        doc.complain("analysis.stepWeight", "exceeds maxWeight", "lower it, or raise maxWeight")
        return ()
    count = int(most // step) + (most % step > 0)  # the last step may be a shorter one
    if count > STEPS_MAX:
        remedy = f"raise stepWeight to at least {spelled(most / STEPS_MAX)}, or use stepWeights"
        doc.complain("analysis.stepWeight", f"makes more than {STEPS_MAX} steps", remedy)
        return ()
    return tuple(min(step * n, most) for n in range(1, count + 1))


def _listed(doc: Checked) -> tuple[Decimal, ...]:
    steps: list[Decimal] = []
    for path in doc.items("analysis.stepWeights"):
        weight = doc.number(path)
        if weight is None:
            continue
        exact(doc, path, weight)
        if steps and weight <= steps[-1]:
            doc.complain(path, f"does not exceed {spelled(steps[-1])}", "let the steps rise")
        steps.append(weight)
    if not steps and not doc.problems:
        doc.complain("analysis.stepWeights", "is empty", "list at least one weight")
    most = doc.number("analysis.maxWeight") or _WHOLE
    return tuple(dict.fromkeys(min(step, most) for step in steps))


def exact(doc: Checked, path: str, weight: Decimal) -> None:
    """Note a weight with more places than a weight may have."""
    exponent = weight.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _PLACES_MAX:
        doc.complain(path, f"has more than {_PLACES_MAX} places", "round it")
