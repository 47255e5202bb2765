"""How the demo is told: from events to lines and to a screen of text; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitops_canary.core.text import one_line
from gitops_canary.lab.load import NOBODY, Counts
from gitops_canary.lab.story import State, Story

WIDTH = 80
_BAR = 20
_COMMITS = 7
_WHY_LINES = 3
_JUDGED = 3 + _WHY_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """A story begins: somebody has pushed a new image tag."""

    story: Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A commit is on the config branch."""

    revision: str
    message: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifted:
    """Envoy sends another share to the canary."""

    weight: int
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that was done to the world."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A story is over; no problems means it ended as told."""

    story: Story
    problems: tuple[str, ...]


Event = Began | Landed | Shifted | Noted | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the screen shows."""

    title: str = "raising Git, Envoy, Prometheus and checkout 1.0.0"
    state: State | None = None
    live: int = 0
    live_revision: str = ""
    checks: tuple[str, ...] = ()
    why: str = ""
    commits: tuple[str, ...] = ()
    note: str = ""
    counts: Counts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of text; `mood` is one of `plain`, `strong`, `good`, `bad`, `faint`."""

    text: str
    mood: str = "plain"


def lines(event: Event) -> tuple[str, ...]:
    """Tell an event in lines of at most `WIDTH` columns or so, safe to print."""
    match event:
        case Began():
            return (f"story {event.story.key}: {event.story.title}",)
        case Landed():
            return (f"git    {event.revision[:7]} {one_line(_subject(event.message))}",)
        case Shifted():
            return (f"envoy  {event.weight}% to the canary, from {event.revision[:7]}",)
        case Noted():
            return (event.words,)
        case Ended(problems=()):
            return (f"story {event.story.key} ended as told",)
        case Ended():
            return tuple(f"story {event.story.key} FAILED: {p}" for p in event.problems)


def after(scene: Scene, event: Event) -> Scene:
    """Show an event."""
    match event:
        case Began():
            title = f"story {event.story.key}: {event.story.title}"
            return replace(scene, title=title, note="", checks=(), why="")
        case Landed():
            scene = replace(
                scene,
                state=event.state,
                commits=(*scene.commits, *lines(event))[-_COMMITS:],
            )
            table = _table(event.message)
            why = _why(event.message) if _ours(event.message) else scene.why
            return replace(scene, checks=table or scene.checks, why=why)
        case Shifted():
            return replace(scene, live=event.weight, live_revision=event.revision)
        case Noted():
            return replace(scene, note=event.words)
        case Ended():
            return replace(scene, note="; ".join(lines(event)))


def frame(scene: Scene, elapsed_s: float) -> list[Line]:
    """Draw the whole screen, at most 24 lines of `WIDTH` columns."""
    clock = f"{int(elapsed_s) // 60:02}:{int(elapsed_s) % 60:02}"
    head = f"gitops-canary demo  {scene.title}"
    drawn = [Line(text=f"{head[: WIDTH - 6]:<{WIDTH - 6}} {clock}", mood="strong"), Line(text="")]
    if scene.state is not None:
        drawn += _weights(scene, scene.state)
    judged = [Line(text=f"  {text}", mood=_mood(text)) for text in scene.checks]
    judged += [Line(text=text) for text in _wrapped(scene.why)]
    # Each part keeps its place, so that the eye finds what has changed.
    drawn += [*_padded(judged, _JUDGED), Line(text="")]
    drawn += _padded([Line(text=text, mood=commit_mood(text)) for text in scene.commits], _COMMITS)
    drawn += [Line(text=""), Line(text=scene.note, mood=_mood(scene.note))]
    if scene.counts is not None:
        drawn.append(Line(text=f"users  {exposure(scene.counts)[0]}"))
    return [replace(line, text=_fitting(line.text)) for line in drawn]


def exposure(counts: Counts) -> list[str]:
    """Tell who met which version: first the sum, then a line each."""
    failed = sum(counts.failed.values())
    total = f"{counts.answered} requests, {failed} failed, {counts.transport_errors} unanswered"
    return [
        total,
        *(
            f"{_answerer(version)}: {number} requests, {counts.failed.get(version, 0)} failed"
            for version, number in sorted(counts.requests.items())
        ),
    ]


def mesh(counts: Counts, answered: int, failed: int, asked: int) -> str:
    """Hold Envoy's own count against the users'; `asked` are requests the demo made itself."""
    mine = f"{answered - asked} requests, {failed} failed"
    same = (answered - asked, failed) == (counts.answered, sum(counts.failed.values()))
    return f"Envoy counted {'the same' if same else 'OTHERWISE'}: {mine}"


def _answerer(version: str) -> str:
    return "no service at all" if version == NOBODY else one_line(version)


def _weights(scene: Scene, state: State) -> list[Line]:
    versions = f"{state.primary} -> {state.candidate}"
    if state.primary == state.candidate:
        versions = f"{state.primary} alone"
    revision = scene.live_revision[:7]
    return [
        Line(text=f"git    {state.weight:3}% {_bar(state.weight)} {versions}"),
        Line(text=f"envoy  {scene.live:3}% {_bar(scene.live)} {revision}"),
        Line(text=""),
    ]


def _padded(lines: Sequence[Line], height: int) -> list[Line]:
    return [*lines, *[Line(text="")] * (height - len(lines))]


def _bar(weight: int) -> str:
    full = round(weight * _BAR / 100)
    return f"[{'#' * full}{'-' * (_BAR - full)}]"


def _fitting(text: str) -> str:
    """Cut what is wider than the screen, and show that it goes on."""
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def _ours(message: str) -> bool:
    return message.startswith("canary(")


def _subject(message: str) -> str:
    return message.partition("\n")[0]


def _blocks(message: str) -> Sequence[str]:
    return message.strip("\n").split("\n\n")


def _why(message: str) -> str:
    blocks = _blocks(message)
    return one_line(" ".join(blocks[1].split("\n"))) if len(blocks) > 1 else ""


def _table(message: str) -> tuple[str, ...]:
    for block in _blocks(message)[1:]:
        if block.startswith("check ") and "verdict" in block.partition("\n")[0]:
            return tuple(one_line(text) for text in block.split("\n"))
    return ()


def _mood(text: str) -> str:
    words = text.split()
    if "fail" in words or "FAILED:" in words or "killed" in text:
        return "bad"
    return "good" if "pass" in words or text.endswith("as told") else "plain"


def commit_mood(text: str) -> str:
    """Let the two ends of a rollout stand out among its commits."""
    return "bad" if ": abort " in text else "good" if ": promote " in text else "faint"


def _wrapped(text: str) -> list[str]:
    found: list[str] = [""]
    for word in text.split():
        if len(found[-1]) + len(word) + 1 > WIDTH - 2:
            found.append("")
        found[-1] = f"{found[-1]} {word}".strip()
    return found[:_WHY_LINES]
