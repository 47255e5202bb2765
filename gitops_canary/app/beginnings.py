"""Canaries that are not initialised yet: what is missing, read at one tip."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_canary.app.ancestry import Graph
from gitops_canary.app.initialising import asking, carried, texts_of, told
from gitops_canary.app.looking import Look
from gitops_canary.app.pushing import cannot
from gitops_canary.app.reading import Rules
from gitops_canary.core.initialising import Beginning
from gitops_canary.errors import BindingError, CanaryError, Unavailable
from gitops_canary.manifest import template
from gitops_canary.manifest.bindings import group
from gitops_canary.manifest.initial import overlay
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.draft import Stage
from gitops_canary.manifest.initial.terrain import Terrain, survey
from gitops_canary.manifest.initial.versions import as_built
from gitops_canary.manifest.naming import Names
from gitops_canary.manifest.nodes import parse
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.owned import DocRef, Side
from gitops_canary.model.rollout import Move
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Store
from gitops_canary.routing import ROUTERS

Found = tuple[Mapping[CanaryId, Beginning], Mapping[CanaryId, Hold]]


@dataclass(slots=True, kw_only=True)
class Beginner:
    """Finds what is missing; a repository is only read whole where something is."""

    store: Store
    rules: Rules
    _kept: tuple[Revision, Found] | None = field(default=None)

    def look(self, look: Look, graph: Graph) -> Found:
        """Say for every canary that is not initialised what is missing, or why it cannot be."""
        tip = look.view.revision
        if self._kept is None or self._kept[0] != tip:
            self._kept = (tip, self._found(look, graph))
        return self._kept[1]

    def _found(self, look: Look, graph: Graph) -> Found:
        due = {**look.uninitialised, **_resting(look)}
        begun: dict[CanaryId, Beginning] = {}
        held: dict[CanaryId, Hold] = {}
        if not due:
            return begun, held
        tip = look.view.revision
        terrain = survey(texts_of(self.store, tip, self.rules.paths)[0])
        for canary, spec in due.items():
            try:
                choice, stages = remaining(terrain, spec, self.rules)
            except Unavailable:
                raise
            except CanaryError as error:
                held[canary] = cannot(canary, error)
                continue
            if stages and (other := _rolling_beside(look, stages[0].files)):
                held[canary] = _waiting(canary, stages[0], other)
            elif stages:
                begun[canary] = _beginning(
                    terrain, spec, choice, stages, look.history.beginning(canary), graph
                )
        return begun, held


def _rolling_beside(look: Look, files: Mapping[Path, str]) -> CanaryId | None:
    """Name a canary that rolls, one of whose routing objects a step would change.

    A rule that leads to a plain Service is everybody's until it splits, so that canary would be
    held as by a person's hand.
    """
    return next(
        (
            canary
            for canary, one in look.seen.items()
            for ref in one.tip.binding.routes
            if one.running and ref.file in files
            if _document(files[ref.file], ref) != _document(one.tip.texts[ref.file], ref)
        ),
        None,
    )


def _document(text: str, ref: DocRef) -> str:
    root = parse(text, file=ref.file)[ref.index]
    return text[root.start : root.end] if root is not None else ""


def _waiting(canary: CanaryId, stage: Stage, other: CanaryId) -> Hold:
    return Hold(
        canary=canary,
        wait=Wait.LIVE,
        reason=f"Step {stage.step} of initialising changes a routing object of {other}, and waits "
        "until its rollout has ended.",
    )


def remaining(terrain: Terrain, spec: CanarySpec, rules: Rules) -> tuple[Choice, tuple[Stage, ...]]:
    """Say what a Canary's document leaves to be initialised, step by step.

    Raises:
        CanaryError: it cannot be done without a person; nothing is decided for them.
    """
    choice = _choice(terrain, spec)
    return choice, carried(terrain, choice, rules)


def _choice(terrain: Terrain, spec: CanarySpec) -> Choice:
    """Answer every question by what the Canary says.

    Raises:
        BindingError: it does not say enough.
    """
    questions = asking(terrain)
    target = spec.target
    told = questions.told(target.kind, target.name, spec.namespace, Path(spec.place.file))
    if not told:
        raise BindingError(
            f"There is no {target.kind} {target.name} with an image in {spec.namespace}.",
            remedy="correct spec.targetRef.name",
            place=spec.place,
        )
    # Without an overlay the question for it comes first, and is not answered here.
    prefix = questions.prefix(told)
    said = {**told, "service": spec.apex.removeprefix(prefix), "router": spec.provider}
    while (question := questions.next(said)) is not None:
        if question.key == "overlay" or not (question.certain or question.safe):
            raise BindingError(
                f"{question.text} The Canary does not say it.",
                remedy="put the Canary into the overlay's folder, or run `gitops-canary init`, "
                "which asks"
                if question.key == "overlay"
                else "run `gitops-canary init`, which asks",
                place=spec.place,
            )
        said[question.key] = question.default
    return questions.choice(said, carried=True)


def _resting(look: Look) -> Mapping[CanaryId, CanarySpec]:
    """Find canaries that serve by now, and whose old workload has only to be sent to rest."""
    found: dict[CanaryId, CanarySpec] = {}
    for canary, one in look.seen.items():
        moves = look.history.beginning(canary)
        owned = one.tip.owned
        if moves and one.rollout is None and owned.settled and not owned.exposed:
            last = moves[-1].record
            if last.step < last.steps:
                found[canary] = one.spec
    return found


def _beginning(
    terrain: Terrain,
    spec: CanarySpec,
    choice: Choice,
    stages: tuple[Stage, ...],
    moves: tuple[Move, ...],
    graph: Graph,
) -> Beginning:
    ref = choice.workload.ref
    text = terrain.texts[ref.file]
    names = Names(spec.target.name)
    scoped = overlay.scoped(terrain, choice.outer, choice.namespace, choice.workload)
    key, value = overlay.label(terrain, choice.outer, choice.workload)
    return Beginning(
        spec=spec,
        tip=graph.tip,
        tip_ms=graph.commit(graph.tip).date_ms,
        stages=stages,
        before={p: terrain.texts[p] for p in stages[0].files if p in terrain.texts},
        moves=moves,
        workload=Side(
            digest=template.digest(template.canonical(text, ref, names=names)),
            images=as_built(terrain, choice.outer, choice.workload),
            replicas=overlay.replicas(terrain, choice.outer, choice.workload, key),
        ),
        routes=tuple(_routes(scoped, spec)),
        selects=(key, f"{value}-primary"),
        remarks=_remarks(terrain, choice, stages),
    )


def _remarks(terrain: Terrain, choice: Choice, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    """Say, before the first step, what a person has to look at."""
    if not stages[0].step.startswith("1/"):
        return ()
    found = told(terrain, choice, stages)
    return tuple(f"Look at {one.place}: {one.what}. To do: {one.remedy}." for one in found)


def _routes(terrain: Terrain, spec: CanarySpec) -> list[DocRef]:
    router = ROUTERS[spec.provider]
    where = {"namespace": spec.namespace, "apex": spec.apex}
    return [
        one.ref
        for one in terrain.documents
        if one.ref.namespace in {"", spec.namespace}
        and (group(one.ref), one.ref.kind) in router.kinds
        and router.matches(terrain.texts[one.ref.file], one.ref.index, **where)
    ]
