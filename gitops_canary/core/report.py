"""report.html of one rollout: one file, no network, no script, the same bytes when rebuilt."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from gitops_canary.core import in_force, plot
from gitops_canary.core.brief import brief, left_out
from gitops_canary.core.evidence import Json
from gitops_canary.core.markup import MARKS, scrolling, table, text
from gitops_canary.core.report_checks import checks
from gitops_canary.core.text import change, counted, instant_ms, one_line
from gitops_canary.core.told import Told
from gitops_canary.core.units import Units

_SHEET = (
    "<p>The go/no-go sheet that <code>gitops-canary plan --sheet</code> wrote before the start "
    'names a policy digest: if it is the one under <a href="#policy">Policy</a>, these are the '
    "conditions that were approved.</p>"
)
_WORDS = (
    ("canary", "the new version's share of production, in percent of its traffic"),
    ("primary", "what serves everyone else"),
    ("live", "the sync engine has applied the commit, and it was seen"),
    ("pass, fail, inconclusive", "what a check says; inconclusive never raises the weight"),
    (
        "abort",
        "all that the Canary owns in Git goes back to the stable revision; the version is kept out",
    ),
    ("retreat", "weight 0 without a verdict on the version"),
)


_PRE = '<pre tabindex="0">'
"""What is wider than the page scrolls, by keys as well."""


def report(story: Told) -> str:
    """Write the page: decision, exposure, why, who, how to check it, what is not known."""
    shown = brief(story)
    body = "\n".join(
        (
            _header(story),
            _cards(story),
            *_plots(shown),
            _section("Moves", _moves(story)),
            _section("Checks", checks(shown, left_out(story, shown))),
            *_remedies(story),
            _section("Rollback conditions in force", _bullets(story.conditions()) + _SHEET),
            _section("What changed", "".join(_diffs(shown))),
            _section("Policy", _policy(story)),
            _section("Check it yourself", _verify(story)),
            _section("Not known", _bullets(story.unknown())),
            _section("Sign-off", _sign_off()),
            _section("Words", table("Words", ("word", "meaning"), _WORDS)),
        )
    )
    return _page(f"{story.last['canary']} {story.outcome}", body)


@cache
def _style() -> str:
    return files("gitops_canary.core").joinpath("report.css").read_text(encoding="utf-8")


def head(title: str, more: str = "") -> str:
    """Begin a page, up to its main part; it may load nothing and run nothing.

    `more` is style of its own, CSS.
    """
    style = _style() + more
    mark = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; '
        f'style-src &#39;sha256-{mark}&#39;">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    )


def _page(title: str, body: str) -> str:
    return (
        f"{head(title)}{body}\n"
        "<footer>Rebuilt from the decisions beside this file to the same bytes by "
        "<code>gitops-canary verify</code>.</footer>\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, body: str) -> str:
    name = title.lower().replace(" ", "-")
    return f'<section id="{name}">\n<h2>{title}</h2>\n{body}\n</section>'


def _header(story: Told) -> str:
    last = story.last
    kind = {True: "good", False: "bad", None: "open"}[story.good]
    reason = story.end["reason"] if story.end else last["reason"]
    day, version = story.first["decidedAt"][:10], last["version"]
    where = f"{text(last['canary'])} · rollout {last['rollout']} · {day}"
    return (
        f'<header class="{kind}">\n'
        f'<p class="kind">{where} · <code>{text(version)}</code></p>\n'
        f"<h1>{text(_name(version))} "
        f'<span class="outcome">{text(story.outcome)}</span></h1>\n'
        f"<p>{text(reason)}</p>\n</header>"
    )


def _cards(story: Told) -> str:
    minutes, requests, failed = story.exposed()
    highest = max((d["weight"]["to"] for d in story.decisions), key=float)
    rows = (
        ("highest weight", f"{highest} %"),
        ("minutes above 0 %", f"{minutes}"),
        ("requests that met it", "not counted" if requests is None else f"{requests:,}"),
        ("of them failed", "not counted" if failed is None else f"{failed:,}"),
        ("took", _took(story)),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>" for name, value in rows)
    return f'<dl class="cards">{cells}</dl>'


def _took(story: Told) -> str:
    first, last = (instant_ms(d["decidedAt"]) for d in (story.first, story.last))
    seconds = (last - first) // 1000
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _name(version: str) -> str:
    """Shorten one image reference to its last part; the whole stands in the table."""
    container, _, reference = version.partition("=")
    if not reference or "," in reference:
        return container
    name, _, digest = reference.rpartition("/")[2].partition("@sha256:")
    return name if ":" in name or not digest else f"{name}@{digest[:12]}"


def _plots(story: Told) -> Iterator[str]:
    line = plot.axis(story)
    yield (
        "<section>\n<h2>What happened, on one time axis (UTC)</h2>\n"
        '<p class="legend">Solid: canary. Dotted: primary. Dashed: limit. Triangle: the move was '
        "live. Filled circle: pass. Cross: fail. Ring: inconclusive. The numbers are in the tables "
        "below.</p>"
    )
    yield scrolling("Weight", plot.weights(story, line))
    for check in story.policy["checks"]:
        if any(True for _ in plot.points_of(check["name"], story)):
            units = _units(story)
            title = _titled(check["name"], units)
            drawn = plot.check(check["name"], story, line, units.bounds(check), title)
            yield scrolling(title, drawn)
    yield "</section>"


def _units(story: Told) -> Units:
    """Say how numbers are written at the first look, which those of a rollout agree with."""
    return story.units(next((v for d in story.decisions for v in d["verdicts"]), {}))


def _titled(check: str, units: Units) -> str:
    """Name a check's plot, with the unit of its numbers."""
    name = units.unit(check)
    return f"{check}, in {name}" if name else check


def _moves(story: Told) -> str:
    rows = [
        (
            d["decidedAt"],
            d["action"],
            change(d["weight"]["from"], d["weight"]["to"]),
            MARKS[d["verdict"]],
            d["live"]["since"] if d["live"] else "-",
            d["reason"],
        )
        for d in story.decisions
    ]
    return table("Moves", ("decided", "move", "weight", "verdict", "previous live", "why"), rows)


def _remedies(story: Told) -> Iterator[str]:
    lines = list(story.remedies())
    if lines:
        yield _section("Before the next try", _bullets(lines))


def _bullets(lines: Iterator[str] | Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"


def _diffs(story: Told) -> Iterator[str]:
    for d in story.decisions:
        name = f"{d['action']} {change(d['weight']['from'], d['weight']['to'])}"
        count = len(d["changes"])
        files = counted(count, "file")
        yield f"<details open><summary>{text(name)}, {files}</summary>"
        for each in d["changes"]:
            lines = "\n".join(_diff_line(line) for line in each["diff"].splitlines())
            yield f"{_PRE}{lines}</pre>"
        if not count:
            yield "<p>No byte: the commit confirms what was there.</p>"
        yield "</details>"


def _diff_line(line: str) -> str:
    head = line.startswith(("+++", "---"))
    kind = "" if head else {"+": "add", "-": "del"}.get(line[:1], "")
    shown = escape(one_line(line))  # byte for byte, for whoever copies it
    return f'<span class="{kind}">{shown}</span>' if kind else shown


def _policy(story: Told) -> str:
    policy = story.last["policy"]
    facts = (
        f"<p>Digest <code>{policy['digest']}</code>, read at <code>{policy['revision']}</code>. "
        f"Asked for by commit <code>{story.last['source']}</code>; a rollback goes back to "
        f"<code>{story.last['stable']}</code>.</p>"
    )
    asked = list(in_force.asks(policy))
    return "\n".join(
        (
            facts,
            table("Limits", in_force.LIMITS, list(in_force.limits(policy))),
            *((table("Conditions", in_force.ASKS, asked),) if asked else ()),
            table("Options", in_force.HEAD, list(in_force.options(story.last))),
        )
    )


def _verify(story: Told) -> str:
    last: Json = story.last
    return (
        "<p>In a clone of the configuration repository with its evidence branch; no server is "
        f"needed:</p>\n{_PRE}gitops-canary verify --trusted-keys allowed_signers\n"
        f"git log --grep &#39;Canary-Rollout: {last['rollout']}&#39;\n"
        f"git show origin/gitops-canary/evidence:{text(last['canary'])}/{last['rollout']}"
        "/decision-01.json | sha256sum</pre>\n<p>The sha256 of each decision stands in its commit "
        "as <code>Canary-Evidence</code>; each decision holds its raw samples.</p>"
    )


def _sign_off() -> str:
    return '<div class="sign"><p>Reviewed by, date</p><p>Approved by, date</p></div>'
