"""The status page: every canary of a controller at a glance; pure, no script, no network."""

import base64
import hashlib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from gitops_canary.app.standing import Looked, Standing
from gitops_canary.core.decide import SAME
from gitops_canary.core.markup import MARKS, table, text
from gitops_canary.core.text import change, counted, duration, iso, percent

REFRESH_S = 5
"""How often a browser asks again."""
_REFRESH = f'<meta http-equiv="refresh" content="{REFRESH_S}">\n'
_STAY = f'asks again every {REFRESH_S} s: <a href="?still=1">keep it still</a>'
_GO_ON = 'kept still: <a href="?">let it ask again</a>'


@cache
def _style() -> str:
    return files("gitops_canary.web").joinpath("page.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Say what a browser may do with the page: nothing but show it in its own style."""
    mark = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{mark}'; frame-ancestors 'none'; base-uri 'none'"


def page(
    looked: Mapping[str, Looked],
    version: str,
    now_ms: int,
    recorded: Collection[str] = (),
    *,
    still: bool = False,
) -> str:
    """Write the page.

    Args:
        looked: how the newest looks ended, by repository.
        version: of the program.
        now_ms: milliseconds since the epoch.
        recorded: the repositories whose rollouts have a report to link to.
        still: whether it stays as it is; else a browser asks again and closes what was opened.
    """
    canaries = [one for each in looked.values() for one in each.standings]
    waiting, running = sum(x.attention for x in canaries), sum(x.running for x in canaries)
    count = counted(len(canaries), "canary", "canaries")
    told = f"{count}, {running} rolling out, {waiting} waiting for a person"
    body = "\n".join(
        _repository(name, one, now_ms, linked=name in recorded)
        for name, one in sorted(looked.items())
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"{'' if still else _REFRESH}"
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_title(waiting, running)}</title>\n<style>{_style()}</style>\n</head>\n"
        "<body>\n<main>\n<h1>gitops-canary</h1>\n"
        f'<p class="soft">{told} · {iso(now_ms // 1000 * 1000)} · {text(version)} · '
        f"{_GO_ON if still else _STAY}</p>\n{body}\n"
        '<p class="soft">What is decided lies in Git: <code>gitops-canary history -C CLONE</code>.'
        "</p>\n</main>\n</body>\n</html>\n"
    )


def _title(waiting: int, running: int) -> str:
    if waiting:
        return f"({waiting}!) gitops-canary"
    return f"({running}) gitops-canary" if running else "gitops-canary"


def _repository(name: str, one: Looked, now_ms: int, *, linked: bool) -> str:
    age = "not looked at yet" if one.seen_s is None else _age(one.seen_s, now_ms)
    trouble = f'<p class="trouble" role="alert">{text(one.trouble)}</p>\n' if one.trouble else ""
    # Those who need somebody first, then those that move.
    ordered = sorted(one.standings, key=lambda x: (not x.attention, not x.running, x.canary))
    cards = (
        "\n".join(_card(each, linked=linked) for each in ordered)
        or '<p class="soft">No canaries.</p>'
    )
    return f'<h2>{text(name)} <span class="soft">{age}</span></h2>\n{trouble}{cards}'


def _age(seen_s: float, now_ms: int) -> str:
    """Say how long ago a look was, in whole seconds."""
    age_ms = max(now_ms - int(seen_s * 1000), 0) // 1000 * 1000
    return f"looked at {duration(age_ms)} ago" if age_ms else "looked at just now"


def _card(one: Standing, *, linked: bool) -> str:
    kind = "attention" if one.attention else "running" if one.running else "still"
    return "\n".join(
        (
            f'<article class="{kind}">',
            f'<h3>{text(one.canary)} <span class="state">{text(one.state)}</span></h3>',
            *_versions(one),
            *_weight(one),
            *_reason(one),
            *((f"<p>Try: {_remedy(one.remedy)}</p>",) if one.remedy else ()),
            *_checks(one),
            *_moves(one, linked=linked),
            "</article>",
        )
    )


def _versions(one: Standing) -> Iterator[str]:
    if one.version is None:
        return
    if one.version == one.primary:
        yield f'<p class="soft"><code>{text(one.version)}</code> serves everyone</p>'
    else:
        yield (
            f'<p class="soft"><code>{text(one.version)}</code> against '
            f"<code>{text(one.primary)}</code></p>"
        )


def _reason(one: Standing) -> Iterator[str]:
    """Give the reason, less what the line of the versions says already."""
    reason = one.reason
    if one.version is not None and one.version == one.primary:
        reason = reason.removeprefix(SAME).lstrip()
    if reason:
        yield f"<p>{text(reason)}</p>"


def _weight(one: Standing) -> Iterator[str]:
    if one.weight is None or not (one.running or one.weight):
        return
    share = percent(one.weight)
    yield (
        f'<div class="weight"><progress max="100" value="{share}" '
        f'aria-label="share of the traffic">{share} %</progress>'
        f"<span>{share} % · step {one.ladder}</span></div>"
    )


def _remedy(words: str) -> str:
    """Write commands, which stand between back ticks, as code."""
    parts = text(words).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def _checks(one: Standing) -> Iterator[str]:
    if one.measurements:
        rows = [
            (
                x.check,
                MARKS[x.outcome.value],
                one.units.value(x.check, x.value),
                one.units.value(x.check, x.baseline),
                one.units.limit(x.check, x.limit),
                x.why,
            )
            for x in one.measurements
        ]
        yield table(
            f"Checks of {one.canary}",
            ("check", "verdict", "canary", "primary", "limit", "why"),
            rows,
        )


def _moves(one: Standing, *, linked: bool) -> Iterator[str]:
    if not one.moves:
        return
    rows = [
        (
            iso(move.date_ms),
            move.record.action.value,
            change(percent(move.record.weight_from), percent(move.record.weight_to)),
            MARKS[move.record.verdict.value],
            move.revision[:12] or "just pushed",
        )
        for move in reversed(one.moves)
    ]
    count = counted(len(rows), "move")
    yield f"<details><summary>{count} of rollout {text(one.rollout)}</summary>"
    yield table(f"Moves of {one.canary}", ("when", "move", "weight", "verdict", "commit"), rows)
    yield "</details>"
    if linked:
        where = f"rollout/{quote(one.repository, safe='')}/{quote(one.rollout, safe='')}"
        yield f'<p class="soft"><a href="{where}">Report of rollout {text(one.rollout)}</a></p>'
