"""`explain`: why a canary is where it is, in words."""

from collections.abc import Iterator
from contextlib import closing
from typing import Annotated

import typer

from gitops_canary.app.looking import Seen
from gitops_canary.app.shelf import stories
from gitops_canary.app.tick import Report
from gitops_canary.cli.clones import EvidenceOption, evidence_tip
from gitops_canary.cli.looked import chosen, looked
from gitops_canary.cli.options import DEFAULT_CONFIG, ConfigOption, PlainOption
from gitops_canary.cli.outcome import exit_code
from gitops_canary.cli.printing import write
from gitops_canary.core.asked import MENTION, whys
from gitops_canary.core.explain import ladder, sentence, sums
from gitops_canary.core.message import table
from gitops_canary.core.recount import recount
from gitops_canary.core.stopping import condemned_by
from gitops_canary.core.text import change, duration, iso, percent
from gitops_canary.core.told import Told
from gitops_canary.core.units import of
from gitops_canary.errors import ConfigError, Place, SpecError
from gitops_canary.git.plain import PlainClone
from gitops_canary.manifest.policy import policy_json
from gitops_canary.manifest.problems import nearest_canary
from gitops_canary.model.decision import Act
from gitops_canary.model.names import CanaryId, Revision


def explain(
    canary: Annotated[str, typer.Argument(help="A canary's id; with --clone also a rollout's.")],
    config: ConfigOption = DEFAULT_CONFIG,
    clone: PlainOption = None,
    evidence: EvidenceOption = "",
) -> int:
    """Tell what the canary does now, what it waits for, and what brought it here.

    With --clone it tells how a rollout went, from the evidence branch alone.
    """
    if clone:
        with closing(PlainClone(clone)) as opened:
            story = _newest(opened, canary, evidence)
            asked = _asked(opened, Revision(story.last["source"]))
            write("\n".join(recount(story, asked, whys(opened.mentioning(MENTION)))))
        return 0
    if not config.exists():
        raise ConfigError(
            "The settings cannot be read: there is no such file.",
            remedy=f"name the file with --config; `gitops-canary explain {canary} -C .` needs none "
            "inside a clone that has the evidence branch",
            place=Place(str(config)),
        )
    reports = looked(config)
    wanted = chosen(reports, [canary])
    for report in reports:
        if report.error:
            raise report.error
        for name in report.decisions:
            if wanted(name):
                write("\n".join(told(report, name)))
    return exit_code(r for r in reports if canary in r.decisions)


def _asked(clone: PlainClone, source: Revision) -> str:
    """Say who wrote the commit that asked for a version; empty where the clone lacks it."""
    raw = clone.commits([source])[source]
    return f"{raw.author}: {raw.message.splitlines()[0]}" if raw and raw.message else ""


def _newest(clone: PlainClone, name: str, evidence: str) -> Told:
    """Find a rollout by its own id, or a canary's newest."""
    found = [story for _, story in stories(clone, evidence_tip(clone, evidence))]
    fitting = [one for one in found if name in (one.last["rollout"], one.last["canary"])]
    if not fitting:
        known = {word for one in found for word in (one.last["canary"], one.last["rollout"])}
        raise SpecError(
            f"The evidence branch tells nothing of {name}.", remedy=nearest_canary(name, known)
        )
    return max(fitting, key=lambda one: one.last["decidedAt"])


def told(report: Report, canary: CanaryId) -> Iterator[str]:
    """Tell of one canary as a look left it, line by line."""
    decision = report.decisions[canary]
    yield sentence(decision)
    one = report.seen.get(canary)
    if one is None:
        return
    policy = one.policy
    yield f"Ladder: {ladder(policy)}; a look every {duration(policy.interval_ms)}."
    yield f"Rolled back by: {condemned_by(policy_json(policy))}."
    yield _now(one)
    yield f"Candidate: {one.tip.owned.candidate.version}"
    yield f"Primary:   {one.tip.owned.primary.version}"
    live = one.situation.live
    for fact in live.proof if live else ():
        yield f"Live: {fact.rstrip('.')}."
    verdicts = decision.verdicts if isinstance(decision, Act) else one.situation.verdicts
    if verdicts:
        units = of(policy, verdicts[-1].judge)
        yield f"\nChecks at {iso(verdicts[-1].window.end_ms)}:\n{table(verdicts[-1], units)}"
        yield from (f"  {line}" for line in sums(verdicts[-1], units))
    if one.rollout:
        yield "\nMoves, newest first:"
        for move in reversed(one.rollout.moves):
            record = move.record
            weight = change(percent(record.weight_from), percent(record.weight_to))
            yield f"  {iso(move.date_ms)}  {move.revision[:12]}  {record.action.value}  {weight}"
        yield "\nWhy, with every figure: `git show <move>`, or in a clone with the evidence branch"
        yield f"`gitops-canary explain -C . {one.rollout.id}`."


def _now(one: Seen) -> str:
    """Say where the canary is, with the numbers of `status`."""
    share = f"Now: {percent(one.tip.owned.weight)} % of the traffic"
    if one.rollout is None or not one.running:
        return f"{share}, nothing rolls out."
    record = one.rollout.last.record
    return f"{share}, step {record.step}/{record.steps} of rollout {record.rollout}."
