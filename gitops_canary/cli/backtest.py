"""`backtest`: what would this policy have said of the last days?"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.app.backtesting import Past, run
from gitops_canary.cli.backtest_page import page, when
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption, Form, OutputOption
from gitops_canary.cli.printing import Row, say, show
from gitops_canary.core.backtest import periods
from gitops_canary.core.past import Backtest, Range
from gitops_canary.core.suggesting import leaving, suggested, thin
from gitops_canary.core.text import duration, iso, percent
from gitops_canary.core.warmups import TIMES
from gitops_canary.errors import UsageError
from gitops_canary.model.spec import CanarySpec

_COLUMNS = ("check", "limit", "looks", "failed", "silent", "middle", "worst 1 %", "suggested")
_STARTS_MAX = 10
_EDGE = 0.1
"""Part of the time asked for that may have nothing at an end before it is told."""
_HOUR_MS = 3_600_000


def backtest(
    canary: Annotated[Path, typer.Option(help="File with the Canary, its templates beside it.")],
    from_: Annotated[str, typer.Option("--from", help="Begin, e.g. 2026-11-17T00:00:00Z.")],
    to: Annotated[str, typer.Option(help="End, in the same form.")],
    config: ConfigOption = DEFAULT_CONFIG,
    workload: Annotated[
        str | None, typer.Option(help="Who stands in for the canary; its primary by default.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots here too.")] = None,
    output: OutputOption = Form.TABLE,
) -> int:
    """Judge past days as if a canary had run: how often would a healthy one have been stopped?"""
    past = Past(from_ms=_instant("--from", from_), to_ms=_instant("--to", to), workload=workload)
    if past.to_ms > time.time() * 1000:
        raise UsageError(f"{to!r} is not over yet.", remedy="choose an end that is past")
    spec, found = run(canary, config, past)
    whole = _rollouts(spec, found)
    show([{**_row(one), "rollouts": whole} for one in found.ranges], _COLUMNS, output)
    summary = _summary(spec, found)
    say(f"{summary}{_began(found)}")
    for line in _limits(spec, found):
        say(line)
    if html:
        _written(html, page(str(spec.id), summary, found))
        say(f"wrote {html}")
    return 0


def _written(html: Path, text: str) -> None:
    try:
        html.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{html} cannot be written: {error.strerror}.",
            remedy="name a file in an existing folder",
        ) from error


def _instant(option: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is no instant.", remedy="write it like 2026-11-17T00:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


def _summary(spec: CanarySpec, found: Backtest) -> str:
    judge = spec.policy.judge.type
    what = "weights" if judge == "conditions" else "rollouts"
    if not found.begun:
        return f"By {judge}: not one whole rollout of {spec.target.name} fits into that time."
    every = f"{what} of {spec.target.name}, begun every {duration(found.every_ms)}"
    text = f"By {judge}, of {found.begun} {every},"
    if found.silent:
        text = f"{text} nothing was heard in {found.silent}; of the others,"
    if found.judged < found.begun - found.silent:
        which = "of the others" if found.silent else "of which"
        text = f"{text.removesuffix(' of the others,')} {which} {found.judged} were gone through,"
    text = (
        f"{text} {_of(len(found.stopped), found.judged)} would have been rolled back{_held(found)}."
    )
    if any(one.left_out for one in found.ranges):
        held = f", and {found.quiet.held} held" if found.held else ""
        text = (
            f"{text} Of the {found.quiet.begun} on normal days it is {found.quiet.stopped}{held}."
        )
    if found.warming:
        longer = duration(TIMES * spec.policy.judge.warmup_ms)
        text = (
            f"{text} {found.warming} of them were slow for their first minutes alone, and would "
            f"not have been with analysis.judge.warmup: {longer}."
        )
    return text


def _of(some: int, every: int) -> str:
    return f"{some} ({_share(some, every)} %)" if every else f"{some}"


def _held(found: Backtest) -> str:
    """Say how many were condemned by nothing, and promoted by nothing either."""
    if not found.held:
        return ""
    return (
        f", and {_of(found.held, found.judged)} held: more of all their requests were bad than a "
        "limit allows, so no canary like that is promoted"
    )


def _share(part: int, whole: int) -> str:
    """Write a percentage that is 0 and 100 only where it is nothing and all.

    >>> _share(9898, 9900), _share(1, 9_000_000), _share(9, 236), _share(5, 5)
    ('99.97', '0.00001', '3.81', '100')
    """
    exact = Decimal(100 * part) / whole
    for places in range(2, 12):
        shown = exact.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
        if shown or not part:
            return percent(shown)
    return percent(exact)


def _began(found: Backtest) -> str:
    """Say when those that would have been rolled back began, the first of them."""
    every = list(periods(found.stopped, found.apart_ms))
    if not every:
        return ""
    rest = len(every) - _STARTS_MAX
    more = f", and {rest} more times" if rest > 0 else ""
    return f" They began: {', '.join(when(*one) for one in every[:_STARTS_MAX])}{more}."


def _limits(spec: CanarySpec, found: Backtest) -> Iterator[str]:
    """Say what the suggestions leave out, and where nobody could tell what to leave out."""
    yield from _unmeasured(found)
    yield from (f"{one.check} {leaving(one)}." for one in found.ranges if one.left_out)
    yield from (one.misfit for one in found.ranges if one.misfit)
    yield from filter(None, (thin(one, spec.policy.judge.type) for one in found.ranges))
    for one in found.ranges:
        if one.short and one.suggested:
            yield (
                f"{one.check}: by fewer than three days, or hours, nobody can tell an incident "
                "from what is normal; choose more time before you take what is suggested."
            )


def _unmeasured(found: Backtest) -> Iterator[str]:
    """Say which checks were never measured, and where the days asked for had nothing."""
    yield from (f"{one.check} was never measured: {one.why}." for one in found.ranges if one.why)
    some = [one for one in found.ranges if one.values]
    if not some:
        return
    first, last = min(o.values[0][0] for o in some), max(o.values[-1][0] for o in some)
    begin, end = some[0].span
    least = max((end - begin) * _EDGE, _HOUR_MS)
    if first - begin > least:
        yield (
            f"Nothing was measured before {iso(first)}: the source may keep no more, or nobody "
            "served then. What is said is of the time since."
        )
    if end - last > least:
        yield f"Nothing was measured after {iso(last)}."


def _rollouts(spec: CanarySpec, found: Backtest) -> Row:
    """Give what came out for whole rollouts; the same beside every check."""
    return {
        "judge": spec.policy.judge.type,
        "begun": found.begun,
        "silent": found.silent,
        "judged": found.judged,
        "held": found.held,
        "stopped": [iso(at) for at in found.stopped],
        "stoppedWarming": found.warming,
        "onNormalDays": found.quiet._asdict(),
    }


def _row(one: Range) -> Row:
    return {
        "check": one.check,
        "limit": one.limit,
        "looks": one.looks,
        "failed": one.failed,
        "silent": one.silent,
        "middle": "-" if one.middle is None else percent(one.middle),
        "worst 1 %": "-" if one.worst is None else percent(one.worst),
        "suggested": suggested(one),
        "leftOut": [
            {"from": iso(day.start_ms), "to": iso(day.end_ms), "worst": percent(day.worst)}
            for day in one.left_out
        ],
        "values": [[iso(at), percent(value)] for at, value in one.values],
    }
