"""A rollout told in plain lines, for a terminal: what `explain` reads from a clone."""

from collections.abc import Iterator

from gitops_canary.core.asked import Whys, reason
from gitops_canary.core.explain import sums
from gitops_canary.core.in_force import lines
from gitops_canary.core.recorded import verdict
from gitops_canary.core.text import change, one_line
from gitops_canary.core.told import Json, Told
from gitops_canary.core.units import recorded


def recount(story: Told, asked: str, whys: Whys) -> Iterator[str]:
    """Say how a rollout went: the moves and what each rested on, the exposure, what to do next.

    `asked` tells who asked for the version, and with which words; empty where nobody knows.
    `whys` are the persons' own reasons, where they gave any.
    """
    first, last = story.first, story.last
    yield one_line(f"{last['canary']}: {last['version']} {story.outcome}. {last['reason']}")
    when = f"decided {first['decidedAt']} to {last['decidedAt']}"
    yield f"Rollout {last['rollout']}, {when}; its commits can have later dates."
    yield f"Asked for by commit {last['source']}; a rollback goes back to {last['stable']}."
    if asked:
        yield one_line(f"Asked for by {asked}")
    yield ""
    for decision in story.decisions:
        yield from _move(decision, whys)
    yield ""
    yield _exposure(story)
    yield from _section("Before the next try", story.remedies())
    yield from _section("Rollback conditions in force", story.conditions())
    yield from _section("Policy in force", lines(last))
    yield from _section("Not known", story.unknown())


def _move(decision: Json, whys: Whys) -> Iterator[str]:
    weight = change(decision["weight"]["from"], decision["weight"]["to"])
    by = ", by a person's word" if decision.get("override") else ""
    yield one_line(
        f"{decision['decidedAt']}  {decision['action']} {weight}{by}: {reason(decision, whys)}"
    )
    for fact in decision["live"]["proof"] if decision["live"] else ():
        yield one_line(f"    live: {fact}")
    units = recorded(decision["policy"]["effective"]["checks"], "")
    for one in decision["verdicts"][-1:]:
        yield from (f"    {line}" for line in sums(verdict(one), units))
    for hook in decision.get("webhooks", ()):
        said = "passed" if hook["passed"] else "did not pass"
        yield one_line(f"    webhook {hook['name']} {said}: {hook['why'] or hook['status']}")


def _exposure(story: Told) -> str:
    minutes, requests, failed = story.exposed()
    since = "was committed" if _arrivals(story) else "was live"
    counted = (
        "requests not counted"
        if requests is None
        else f"{requests} requests since each weight {since}, {failed} of them failed"
    )
    return f"Exposed: {minutes} minutes above 0 %, {counted}."


def _arrivals(story: Told) -> bool:
    """Whether requests were counted while every weight was on its way, too."""
    counted = [row for row in story.exposures() if row["requests"] is not None]
    return all(row.get("arriving") for row in counted)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [one_line(line) for line in lines]
    if found:
        yield f"{title}:"
        yield from (f"  {line}" for line in found)
