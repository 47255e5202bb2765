"""What a person can do by hand while Git cannot be reached: the exact commands, nothing guessed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.core.edits import Ground
from gitops_canary.core.text import percent
from gitops_canary.errors import CanaryError
from gitops_canary.manifest.document import data, parse
from gitops_canary.model.names import Path
from gitops_canary.model.observation import Halt, Touched
from gitops_canary.model.owned import DocRef
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """A canary that takes traffic, and what sends all of it to the primary."""

    touched: Touched
    weight: str
    """In percent, as text."""
    commands: str
    """Lines for a shell, newline at the end; empty where the choice is left to the person."""


def breakglass(
    spec: CanarySpec,
    ground: Ground,
    last: Action | None,
    router: Router,
    taken: Mapping[Path, str] | None = None,
) -> Exposed | None:
    """Say how all traffic goes to the primary; None where none goes elsewhere.

    After a promotion the primary may be unproven, so there the choice is left to the person.
    `taken` are the texts from which the traffic of all others is taken too (`without`): an object
    may hold several canaries' weights, and is applied whole.
    """
    weight = ground.owned.weight
    if weight == 0:
        return None
    routes = ground.binding.routes if last is not Action.PROMOTE else ()
    texts = {**ground.texts, **(taken or {})}
    return Exposed(
        touched=located(spec, ground, urgent=True),
        weight=percent(weight),
        commands="".join(_apply(spec, ground, texts, ref, router) for ref in routes),
    )


def without(
    texts: Mapping[Path, str],
    spec: CanarySpec,
    ground: Ground,
    last: Action | None,
    router: Router,
) -> Mapping[Path, str]:
    """Give the texts of routing objects in which this canary has weight 0 too, where it may be."""
    new = dict(texts)
    if ground.owned.weight == 0 or last is Action.PROMOTE:
        return new
    for ref in ground.binding.routes:
        text = new.get(ref.file, ground.texts[ref.file])
        with suppress(CanaryError):  # `breakglass` says so in the place of a command
            new[ref.file] = _weightless(text, spec, ref, router)
    return new


def located(spec: CanarySpec, ground: Ground, *, urgent: bool) -> Touched:
    """Name the objects of a canary in the cluster."""
    name = spec.target.name
    return Touched(
        canary=spec.id,
        namespace=spec.namespace,
        workloads=(name, f"{name}-primary"),
        kind=spec.target.kind,
        routes=ground.binding.routes,
        urgent=urgent,
    )


def page(found: Sequence[tuple[Exposed, Halt | str]]) -> str:
    """Write everything a person has to type, in order; a text in a Halt's place says why it lacks.

    Empty where nobody is exposed.
    """
    return "\n".join(line for exposed, halt in found for line in _lines(exposed, halt))


def _lines(exposed: Exposed, halt: Halt | str) -> Iterator[str]:
    yield f"# {exposed.touched.canary}: {exposed.weight} % of the traffic goes to the canary"
    if not exposed.commands:
        yield "# its primary is being replaced: see first which side is healthy"
        return
    yield "# 1. stop what would put the weight back"
    yield from _stop(halt)
    yield "# 2. all traffic to the primary"
    yield exposed.commands.rstrip("\n")
    yield "# 3. once Git is back: commit weight 0 there, then"
    yield from halt.resume if isinstance(halt, Halt) else ["# turn on again what you stopped"]


def _stop(halt: Halt | str) -> Iterator[str]:
    if isinstance(halt, Halt):
        yield from halt.stop or ["# (nothing: it is not synced by itself)"]
        return
    yield f"# (what applies it is not known: {halt})"
    yield "argocd app set APPLICATION --sync-policy none"
    yield "# or: flux suspend kustomization NAME -n NAMESPACE"


def _apply(
    spec: CanarySpec, ground: Ground, texts: Mapping[Path, str], ref: DocRef, router: Router
) -> str:
    """Write one routing object with weight 0 as `kubectl` takes it."""
    try:
        alone, whole = (
            _manifest(_weightless(text, spec, ref, router), ref)
            for text in (ground.texts[ref.file], texts[ref.file])
        )
    except CanaryError as error:
        return f"# {ref.kind} {ref.name}: set the canary's weight to 0 by hand ({error.problem})\n"
    note = "" if alone == whole else f"# ({ref.kind} {ref.name} takes it off other canaries too)\n"
    return f"{note}kubectl apply -n {spec.namespace} -f - <<'EOF'\n{whole}\nEOF\n"


def _weightless(text: str, spec: CanarySpec, ref: DocRef, router: Router) -> str:
    where = {"namespace": spec.namespace, "apex": spec.apex}
    return router.set_weight(text, ref.index, Decimal(0), file=ref.file, **where)


def _manifest(text: str, ref: DocRef) -> str:
    node = parse(text, file=ref.file)[ref.index]
    assert node is not None, "a routing object is not empty"
    return json.dumps(data(node, file=ref.file))
