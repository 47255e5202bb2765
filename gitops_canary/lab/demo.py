"""`demo`: three rollouts on this machine, with a real mesh, real metrics and real Git."""

import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.core.text import one_line
from gitops_canary.errors import UsageError
from gitops_canary.lab.children import interruptible
from gitops_canary.lab.film import HEIGHT, Film
from gitops_canary.lab.performance import Performance
from gitops_canary.lab.screen import Screen
from gitops_canary.lab.snapshot import git
from gitops_canary.lab.story import Fault, Story, catalogue, registry
from gitops_canary.lab.telling import WIDTH, Line, commit_mood, exposure, mesh
from gitops_canary.lab.world import World

_PAUSE_S = 4.0
"""How long a recording rests on the end of the last story."""
_KEYS = ("A", "B", "C")


def _known(value: str) -> str:
    keys = value.split(",")
    if not set(keys) <= set(_KEYS) or len(set(keys)) != len(keys):
        raise typer.BadParameter(f"give some of {','.join(_KEYS)}, each once, comma-separated")
    return value


def demo(
    stories: Annotated[
        str, typer.Option(help="Which to tell, in this order.", callback=_known)
    ] = "A,B,C",
    fault: Annotated[Fault, typer.Option(help="What is wrong with 1.2.0.")] = Fault.ERRORS,
    keep: Annotated[
        Path | None, typer.Option(help="Where to build it; a directory that is not there yet.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Write what the screen shows as an animated SVG, too.")
    ] = None,
) -> int:
    """Watch three rollouts: a good one, a bad one, one through a crash of the controller.

    Everything runs on this machine's loopback and ends with the command; what it wrote stays.
    """
    known = catalogue(fault)
    directory = _directory(keep)
    film = Film() if record else None
    with interruptible(), Screen(film=film) as screen:
        with World.start(directory, registry(fault)) as world:
            performance = Performance(world, screen)
            performance.prepare()
            as_told = _play(performance, [known[key] for key in stories.split(",")])
            log = "" if as_told else performance.controller_log()
            counts = world.end_load()
            met = [*exposure(counts), mesh(counts, *world.envoy.answers(), performance.asked)]
        world.person.follow(directory / "origin.git")
        screen.close()
        if film and record:
            film.add(film.frames[-1][0] + _PAUSE_S, _credits(directory, met), now=True)
            record.write_text(film.svg(), encoding="utf-8")
        for line in (*_history(directory), "", "who met which version:", *met):
            screen.say(line)
        for line in (*filter(None, [log]), *_next(directory)):
            screen.say(line)
    return 0 if as_told else 1


def _play(performance: Performance, chosen: Sequence[Story]) -> bool:
    """Tell the stories; the first that does not end as told ends the demo."""
    return all(performance.play(story, last=story is chosen[-1]) for story in chosen)


def _directory(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="canary-demo-"))
    if keep.exists():
        raise UsageError(f"{keep} is there already.", remedy="give --keep a new directory")
    return keep


def _history(directory: Path) -> list[str]:
    argv = ("log", "--first-parent", "--format=%h %s", "main")
    told = git(directory / "origin.git", *argv).decode(errors="replace")
    return ["", "what Git holds now:", *(one_line(line) for line in told.splitlines())]


def _credits(directory: Path, met: Sequence[str]) -> list[Line]:
    """Draw what is left at the end: the newest commits, and who met which version."""
    log = _history(directory)[: HEIGHT - len(met) - 3]
    drawn = [*log, "", "who met which version:", *met]
    return [Line(text=text[:WIDTH], mood=commit_mood(text)) for text in drawn]


def _next(directory: Path) -> list[str]:
    origin = shlex.quote(str(directory / "origin.git"))
    # Where the program is not on PATH, as after ./demo, the words must still work as they stand.
    found = shutil.which("gitops-canary")
    program = "gitops-canary" if found else shlex.quote(str(Path(sys.argv[0]).absolute()))
    return [
        "",
        "three to try:",
        f"  git -C {origin} show --stat {_newest_abort(directory)}",
        f"  git -C {origin} log --stat gitops-canary/evidence",
        f"  {program} lint {shlex.quote(str(directory / 'mira'))}",
        "",
        "all of it lies in one folder; to remove it:",
        f"  rm -r {shlex.quote(str(directory))}",
    ]


def _newest_abort(directory: Path) -> str:
    argv = ("log", "-1", "--format=%h", "--grep=^Canary-Action: abort", "main")
    found = git(directory / "origin.git", *argv).decode().strip()
    return found or "main"
