"""From a decision to the commits that carry it out: one on each branch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_canary.core import evidence, units
from gitops_canary.core.basis import Basis
from gitops_canary.core.dating import Clock, dated
from gitops_canary.core.edits import Ground, edits
from gitops_canary.core.hooks import opened_ms
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.message import compose, subject
from gitops_canary.core.pages import pages
from gitops_canary.core.rehearsal import always
from gitops_canary.core.statement import seal_path, statement
from gitops_canary.core.subjects import moved
from gitops_canary.core.text import iso
from gitops_canary.core.undoing import Brought, part
from gitops_canary.manifest import quarantine
from gitops_canary.manifest.owned import owned
from gitops_canary.model.decision import Act, PlannedCommit
from gitops_canary.model.names import Digest, Path, Revision
from gitops_canary.model.observation import Answer, Question
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Record, Rollout
from gitops_canary.model.spec import CanarySpec, Policy
from gitops_canary.ports import Router

QUARANTINE = Path(".gitops-canary/quarantine")
QUARANTINE_DAYS = 90
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a plan needs besides the decision."""

    spec: CanarySpec
    policy: Policy
    """The one the rollout is pinned to."""
    policy_json: Mapping[str, Any]
    rollout: Rollout | None
    """The rollout so far; None where this move begins it."""
    source: Revision
    stable_revision: Revision
    tip: Ground
    stable: Ground
    quarantine: str
    """Text of the quarantine file at the tip, empty where there is none."""
    earlier: Sequence[bytes]
    """The rollout's decisions on the evidence branch, oldest first; those that can be read."""
    answers: Mapping[Question, Answer]
    policy_revision: Revision
    """Where the policy was read."""
    origins: Mapping[str, str]
    """Where each value of the policy stands."""
    scrape_ms: int
    lag_ms: int
    scrape_timeout_ms: int | None
    landed: bool = False
    """Whether the moves before are dated by the merges that brought them."""
    brought: Brought | None = None
    """What the rollout's source changed; None where nothing is restored, or nobody looked."""
    rule: int = RULE
    """By which rule on judging was decided."""

    @property
    def finished(self) -> bool:
        """Whether the rollout was over, and its version watched, when this was decided."""
        return self.rollout is not None and self.rollout.last.record.finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One move ready to be pushed."""

    act: Act
    record: Record
    files: Mapping[Path, str]
    """New texts on the config branch."""
    commit: PlannedCommit
    evidence: PlannedCommit | None
    """None of an initialising, which rests on no measurement."""
    after: Owned | None
    """The owned values as the move leaves them; None while they cannot be bound yet."""
    before: Mapping[Path, str]
    """Texts of the files as they were."""

    def dated(self, clock: Clock, since_ms: int) -> "Plan":
        """Date both commits anew where the decision is far from a clock, or waited for a gate.

        `since_ms` is the date of the canary's newest move: which one that is, dates decide.
        """
        at_ms = max(since_ms, dated(self.act.at_ms, opened_ms(self.act.told), clock))
        return replace(
            self,
            commit=replace(self.commit, at_ms=at_ms, now_ms=clock.now_ms),
            evidence=replace(self.evidence, at_ms=at_ms, now_ms=clock.now_ms)
            if self.evidence
            else None,
        )


def plan(act: Act, context: Context, router: Router) -> Plan:
    """Write a move down: changed texts, message, evidence. Pure; nothing is pushed.

    Raises:
        EditRefused: a text cannot be changed without touching more than was meant.
    """
    files = dict(
        edits(act, spec=context.spec, tip=context.tip, stable=context.stable, router=router)
    )
    record = _record(act, context)
    if act.quarantine:
        entry = quarantine_entry(act, record.version, context.tip.owned.candidate.digest)
        files[QUARANTINE] = quarantine.add(context.quarantine, entry)
    texts = {**context.tip.texts, **files}
    after = owned(context.spec, context.tip.binding, lambda path: texts[path], router)
    bulk = evidence.decision_json(act, record, _basis(context, files, after))
    record = replace(record, evidence=evidence.digest(bulk))
    first_line = subject(
        record.canary, *moved(act, record, context.policy.strategy, finished=context.finished)
    )
    exposed = _exposed(context, router) if act.action is Action.START else ()
    newest = act.verdicts[-1] if act.verdicts else None
    message = compose(
        first_line,
        paragraphs=_paragraphs(act, record, exposed),
        verdict=newest,
        record=record,
        units=units.of(context.policy, newest.judge if newest else ""),
        part=_part(record, context, texts),
    )
    path = evidence.decision_path(record, _number(context))
    return Plan(
        act=act,
        record=record,
        files=files,
        commit=PlannedCommit(
            files={path: text.encode() for path, text in files.items()},
            message=message,
            at_ms=act.at_ms,
        ),
        evidence=PlannedCommit(
            files=_bulk(path, record, bulk, context),
            statements={seal_path(path): statement(path, bulk)},
            message=f"evidence: {first_line}\n",
            at_ms=act.at_ms,
        ),
        after=after,
        before=context.tip.texts,
    )


def _exposed(context: Context, router: Router) -> tuple[str, ...]:
    inside = (
        place
        for ref in context.tip.binding.routes
        for place in always(context.spec, ref, context.tip.texts[ref.file], router)
    )
    return (*inside, *context.tip.reaching)


def _bulk(path: Path, record: Record, bulk: bytes, context: Context) -> dict[Path, bytes]:
    """Put together what goes to the evidence branch: the decision, and its readable pages."""
    return {path: bulk} | pages(record, (*context.earlier, bulk))


def _basis(context: Context, files: Mapping[Path, str], after: Owned) -> Basis:
    before = {**context.tip.texts, QUARANTINE: context.quarantine}
    return Basis(
        spec=context.spec,
        policy=context.policy,
        effective=context.policy_json,
        policy_revision=context.policy_revision,
        origins=context.origins,
        scrape_ms=context.scrape_ms,
        lag_ms=context.lag_ms,
        scrape_timeout_ms=context.scrape_timeout_ms,
        answers=context.answers,
        before=context.tip.owned,
        after=after,
        previous_ms=context.rollout.last.date_ms if context.rollout else None,
        changes={path: (before.get(path, ""), text) for path, text in files.items()},
        finished=context.finished,
        landed=context.landed,
        moves=context.rollout.moves if context.rollout else (),
        rule=context.rule,
    )


def _record(act: Act, context: Context) -> Record:
    so_far = context.rollout.moves if context.rollout else ()
    candidate = context.tip.owned.candidate
    images = candidate.version if _image_changed(context) else ""
    return Record(
        canary=act.canary,
        rollout=act.rollout,
        action=act.action,
        step=act.step,
        steps=len(context.policy.steps),
        weight_from=context.tip.owned.weight,
        weight_to=act.weight,
        version=so_far[0].record.version if so_far else images or f"template@{candidate.digest}",
        verdict=act.verdict,
        failed=act.failed,
        threshold=context.policy.threshold,
        window=act.window,
        policy=context.policy.digest,
        evidence=None,
        source=so_far[0].record.source if so_far else context.source,
        stable=so_far[0].record.stable if so_far else context.stable_revision,
        previous=so_far[-1].revision if so_far else None,
        reverts=_reverts(act, context),
    )


def _number(context: Context) -> int:
    return len(context.rollout.moves) + 1 if context.rollout else 1


def _part(record: Record, context: Context, texts: Mapping[Path, str]) -> str:
    """Say what of the source a restoration undoes; empty where all, or nothing is restored."""
    return part(record.source, context.brought, texts) if record.reverts else ""


def _image_changed(context: Context) -> bool:
    """Whether the candidate brings images that everyone has not, or had not at the stable revision.

    The two differ where somebody changed the primary since.
    """
    candidate = context.tip.owned.candidate.images
    held = (context.tip.owned.primary.images, context.stable.owned.candidate.images)
    return any(candidate != images for images in held)


def _reverts(act: Act, context: Context) -> tuple[Revision, ...]:
    """Name what a restoration undoes: our moves that changed a byte, newest first, the source."""
    if not act.restores or context.rollout is None:
        return ()
    moves = [
        move.revision
        for move in reversed(context.rollout.moves)
        if move.record.weight_from != move.record.weight_to or move.record.action is Action.PROMOTE
    ]
    return (*moves, context.rollout.moves[0].record.source)


def quarantine_entry(act: Act, version: str, candidate: Digest) -> quarantine.Entry:
    """Write the condemned candidate's line for the quarantine file."""
    day = act.at_ms - act.at_ms % 1000
    return quarantine.Entry(
        canary=act.canary,
        digest=candidate,
        version=version,
        rollout=act.rollout,
        reason=act.reason,
        date=iso(day),
        expires=iso(day + QUARANTINE_DAYS * _DAY_MS),
    )


def _left(act: Act) -> str:
    if act.quarantine:
        return "The version is quarantined, and stays in Git at weight 0."
    stays = "it leaves Git too" if act.restore else "it stays in Git at weight 0"
    return f"No verdict on the version was reached; {stays}."


def _paragraphs(act: Act, record: Record, exposed: tuple[str, ...]) -> tuple[str, ...]:
    after = {
        Action.START: "Next: the first step, once the canary is ready.",
        Action.ADVANCE: "Next: checks over a window that begins once this is live.",
        Action.PROMOTE: "Next: all traffic to the primary, once it runs this version.",
        Action.FINISH: "The rollout is complete.",
        Action.IDLE: "Nothing else changes.",
        Action.ABORT: f"All that this Canary owns is back as it was at {record.stable[:12]}, the "
        "stable revision. The version is quarantined: committed again it gets no traffic until "
        f"`gitops-canary retry {record.canary}`.",
        Action.RETREAT: _left(act),
        Action.INITIALISE: "",
    }[act.action]
    if act.action is Action.FINISH and act.weight > 0:
        after = "Next: more of it, an interval after this is live."
    live = ""
    if act.live and act.live.live_ms is not None and act.action is not Action.START:
        live = f" The previous move was live at {iso(act.live.live_ms)}."
    if exposed:
        after += f" Whatever the weight, the canary also gets what {', '.join(exposed)} sends it."
    version = f"Version: {record.version}."
    return (f"{act.reason}{live} {after}", version)
