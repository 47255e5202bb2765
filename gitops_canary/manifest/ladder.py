"""From `stepWeight`/`maxWeight` or `stepWeights` to the weights of the steps."""

from decimal import Decimal, InvalidOperation

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.document import Node

STEPS_MAX = 50
HUNDRED = Decimal(100)


def steps(analysis: Node, *, file: str, skip: tuple[str, ...] = ()) -> tuple[Decimal, ...]:
    """Read the ladder: rising weights above 0, the last one at most `maxWeight`.

    Where Flagger overshoots (step 20 to 50 gives 60), the last step here is `maxWeight` itself.

    Raises:
        SpecError: there is none, or two, or it does not rise.
    """
    linear, listed = analysis.get("stepWeight"), analysis.get("stepWeights")
    if linear is not None and listed is not None:
        raise _wrong(listed, file, "Both stepWeight and stepWeights are set.", "keep one")
    top = _weight(analysis.get("maxWeight"), file, HUNDRED)
    if listed is not None:
        found = tuple(_weight(item, file, HUNDRED) for item in listed.items)
        found = tuple(min(weight, top) for weight in found)
        return _rising(found, listed, file)
    if linear is not None:
        return _rising(_linear(_weight(linear, file, HUNDRED), top, linear, file), linear, file)
    if any(name.startswith(("analysis.iterations", "analysis.match")) for name in skip):
        return (HUNDRED,)
    raise _wrong(
        analysis, file, "The analysis has no steps.", "write stepWeights: [5, 10, 25, 50, 100]"
    )


def _linear(rise: Decimal, top: Decimal, node: Node, file: str) -> tuple[Decimal, ...]:
    if rise <= 0 or top / rise > STEPS_MAX:
        raise _wrong(node, file, f"More than {STEPS_MAX} steps.", "raise stepWeight")
    whole = int(top // rise)
    ladder = [rise * count for count in range(1, whole + 1)]
    if not ladder or ladder[-1] < top:
        ladder.append(top)
    return tuple(ladder)


def _rising(ladder: tuple[Decimal, ...], node: Node, file: str) -> tuple[Decimal, ...]:
    if not 0 < len(ladder) <= STEPS_MAX:
        raise _wrong(node, file, f"There must be 1 to {STEPS_MAX} steps.", "shorten the list")
    below = (Decimal(0), *ladder)
    if any(one >= other for one, other in zip(below, ladder, strict=False)):
        raise _wrong(
            node, file, "The weights do not rise from above 0.", "order them: [5, 10, 25, 50, 100]"
        )
    return ladder


def _weight(node: Node | None, file: str, default: Decimal) -> Decimal:
    if node is None:
        return default
    try:
        weight = Decimal(node.value)
    except InvalidOperation as error:
        raise _wrong(node, file, f"{node.value[:20]!r} is no weight.", "write a number") from error
    exponent = weight.as_tuple().exponent
    if not weight.is_finite() or not 0 <= weight <= HUNDRED or int(exponent) < -3:  # noqa: PLR2004 - thousandths
        raise _wrong(
            node, file, f"{node.value[:20]} is no weight.", "use 0 to 100 with at most 3 places"
        )
    return weight


def _wrong(node: Node, file: str, text: str, remedy: str) -> SpecError:
    return SpecError(text, remedy=remedy, place=Place(file, node.line, node.column))
