"""Where versions and weights lie in one revision: exactly one place each, or an error."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from gitops_canary.errors import BindingError, Place, SpecError, Uninitialised
from gitops_canary.manifest import contested, scalers, targets, tracked
from gitops_canary.manifest.document import Node, parse
from gitops_canary.manifest.field_place import locate
from gitops_canary.model.names import Path
from gitops_canary.model.owned import Binding, DocRef, FieldBinding, FieldRef, Fields, Templates
from gitops_canary.model.references import Reference
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router

_NOWHERE = "-"
"""A namespace that cannot be: what leads to an application there names it without any."""


def resolve(
    spec: CanarySpec,
    documents: Iterable[DocRef],
    text: Callable[[Path], str],
    router: Router,
    *,
    exists: Callable[[Path], bool],
    paths: Sequence[str] = (),
) -> Binding:
    """Find candidate, primary and routes of a spec among the documents and files of one revision.

    A document without a namespace counts as the Canary's: kustomize or Flux sets it later.

    Raises:
        BindingError: something lies in no place, in several, or outside the allowed paths.
        SpecError: one of the two workloads has capitals in its name or namespace.
    """
    every = tuple(documents)
    for ref in every:
        _lower(ref, spec, text)
    known = tuple(d for d in every if d.namespace in {"", spec.namespace})
    versions = _fields(spec, exists, text) if spec.source else _templates(spec, known, text)
    routes = _named(spec, exists, text) if spec.routing else _routes(spec, every, text, router)
    spots = contested.spots(spec, versions, routes, text, router)
    binding = Binding(versions=versions, routes=routes, spots=spots)
    for file in sorted(binding.files):
        if not allowed(file, paths):
            raise BindingError(
                f"{file} lies outside the paths this controller may write.",
                remedy="move it, or add its folder to `paths` in controller.yaml",
                place=spec.place,
            )
    return binding


def allowed(file: str, paths: Sequence[str]) -> bool:
    """Tell whether a file lies below one of the paths, compared component by component.

    >>> allowed("apps/web/a.yaml", ["apps/web/"]), allowed("apps/web-evil/a.yaml", ["apps/web"])
    (True, False)
    """
    if not paths:
        return True
    parts = file.split("/")
    prefixes = ([part for part in path.split("/") if part] for path in paths)
    return any(parts[: len(prefix)] == prefix for prefix in prefixes)


def nothing_below(folder: str) -> SpecError:
    """Tell of one of the allowed paths below which a revision has no file: most often a slip.

    >>> nothing_below("app/").problem
    'There is no file below app/.'
    """
    return SpecError(
        f"There is no file below {folder}.",
        remedy="correct `paths` of this repository in controller.yaml, or commit the folder",
    )


def _lower(ref: DocRef, spec: CanarySpec, text: Callable[[Path], str]) -> None:
    """Refuse a workload that is named with capitals, which Kubernetes does not know."""
    both = (spec.target.name, f"{spec.target.name}-primary")
    mine = ref.kind == spec.target.kind and ref.name.lower() in both
    for key, word in (("name", ref.name), ("namespace", ref.namespace)):
        if mine and word != word.lower() and ref.namespace.lower() in {"", spec.namespace}:
            node = _root(ref, text).get("metadata", key)
            assert node is not None, "it was read there"
            raise SpecError(
                f"{ref.kind} {ref.name} has capitals in its {key}, {word}: Kubernetes has no such.",
                remedy=f"write {word.lower()} into metadata.{key}",
                place=Place(ref.file, node.line, node.column),
            )


def _templates(
    spec: CanarySpec, documents: Sequence[DocRef], text: Callable[[Path], str]
) -> Templates:
    candidate = _one(spec, documents, spec.target.name, text, "candidate")
    primary = _one(spec, documents, f"{spec.target.name}-primary", text, "primary")
    for ref in (candidate, primary):
        targets.fit(ref, _root(ref, text))
    own, others = (scalers.of(ref, documents, text) for ref in (candidate, primary))
    scalers.both(spec, own, others)
    configs, shared = tracked.pairs(candidate, primary, documents, text)
    return Templates(
        candidate=candidate,
        primary=primary,
        scaled=bool(own) or spec.target.kind == "DaemonSet",
        primary_scaled=bool(others) or spec.target.kind == "DaemonSet",
        pause=next((ref for ref in own if ref.kind == "ScaledObject"), None),
        configs=configs,
        shared=shared,
    )


def _fields(
    spec: CanarySpec, exists: Callable[[Path], bool], text: Callable[[Path], str]
) -> Fields:
    def found(path: Path) -> str | None:
        return text(path) if exists(path) else None

    return Fields(
        pairs=tuple(
            FieldBinding(
                name=pair.name,
                container=pair.container,
                candidate=locate(pair.candidate, found),
                primary=_begun(pair.primary, found),
            )
            for pair in spec.source
        ),
        replicas=locate(spec.replicas.candidate, found) if spec.replicas else None,
        primary_replicas=locate(spec.replicas.primary, found)
        if spec.replicas and spec.replicas.primary
        else None,
    )


def _begun(reference: Reference, found: Callable[[Path], str | None]) -> FieldRef:
    """Find the primary's field: where it is missing the canary may not be initialised yet."""
    try:
        return locate(reference, found)
    except BindingError as error:
        raise Uninitialised(error.problem, remedy=error.remedy, place=error.place) from error


def _one(
    spec: CanarySpec,
    documents: Sequence[DocRef],
    name: str,
    text: Callable[[Path], str],
    side: str,
) -> DocRef:
    kind = spec.target.kind
    found = [d for d in documents if d.kind == kind and d.name == name]
    for one in (found, selecting(found, text)):
        if len(one) == 1:
            return one[0]
    if found:
        places = ", ".join(str(_place(d, text)) for d in found)
        raise BindingError(
            f"The {side} {kind} {name} stands in several places: {places}.",
            remedy="keep one, or let each Canary lie in the folder of its own, or in the overlay's",
            place=spec.place,
        )
    remedy = {
        "candidate": "correct spec.targetRef.name, or the Canary's namespace; "
        "`gitops-canary doctor --repo .` lists the workloads",
        "primary": f"let `gitops-canary init` write it, or commit a {kind} {name}: a copy of "
        f"{spec.target.name} that serves everyone",
    }[side]
    error = Uninitialised if side == "primary" else BindingError
    raise error(
        f"There is no {side} {kind} {name} in namespace {spec.namespace}.",
        remedy=remedy,
        place=spec.place,
    )


def candidates(spec: CanarySpec, documents: Iterable[DocRef]) -> list[DocRef]:
    """Give the documents that may be a Canary's workload."""
    spaces, target = {"", spec.namespace}, (spec.target.kind, spec.target.name)
    return [d for d in documents if (d.kind, d.name) == target and d.namespace in spaces]


def selecting(documents: Iterable[DocRef], text: Callable[[Path], str]) -> list[DocRef]:
    """Leave out patches of kustomize: they have a workload's kind and name, and select nothing."""
    return [d for d in documents if _root(d, text).get("spec", "selector") is not None]


def _named(
    spec: CanarySpec, exists: Callable[[Path], bool], text: Callable[[Path], str]
) -> tuple[DocRef, ...]:
    """Find the document of the field that spec.routing names."""
    assert spec.routing is not None, "asked for only then"
    found = locate(spec.routing.weight, lambda path: text(path) if exists(path) else None)
    root = parse(text(found.file), file=found.file)[found.index]
    version, kind = (root.get(key) if root else None for key in ("apiVersion", "kind"))
    return (
        DocRef(
            file=found.file,
            index=found.index,
            api_version=version.value if version else "",
            kind=kind.value if kind else "field",
            namespace=spec.namespace,
            name=spec.routing.weight.field,
        ),
    )


def _routes(
    spec: CanarySpec, documents: Sequence[DocRef], text: Callable[[Path], str], router: Router
) -> tuple[DocRef, ...]:
    def leads(ref: DocRef, namespace: str) -> bool:
        return router.matches(text(ref.file), ref.index, namespace=namespace, apex=spec.apex)

    def exposes(ref: DocRef, namespace: str) -> bool:
        where = {"namespace": namespace, "apex": spec.apex}
        return bool(router.exposure(text(ref.file), ref.index, **where))

    routing = [d for d in documents if (group(d), d.kind) in router.kinds]
    mine = [d for d in routing if meant(d, spec.namespace, partial(leads, d))]
    if not mine:
        kinds = " or ".join(sorted(kind for _, kind in router.kinds))
        raise Uninitialised(
            f"No {kinds} routes to {spec.apex}-primary and {spec.apex}-canary.",
            remedy=f"commit one that splits between the two Services, or set spec.service.name "
            f"(now {spec.apex})",
            place=spec.place,
        )
    alone = [d for d in routing if d not in mine and meant(d, spec.namespace, partial(exposes, d))]
    _one_per_claim((*mine, *alone), text, router)
    return tuple(mine)


def meant(ref: DocRef, namespace: str, leads: Callable[[str], bool]) -> bool:
    """Tell whether an object leads to an application of a namespace.

    One of another namespace does where it names the application's Services with theirs, and never
    without: `leads` says whether it would if they were in some namespace.
    """
    own = ref.namespace in {"", namespace}
    return leads(namespace) and (own or not leads(_NOWHERE))


def group(ref: DocRef) -> str:
    """Give the API group of a document; the core group is empty."""
    return ref.api_version.rpartition("/")[0]


def _one_per_claim(routes: Sequence[DocRef], text: Callable[[Path], str], router: Router) -> None:
    owner: dict[str, DocRef] = {}
    for ref in routes if len(routes) > 1 else ():
        for claim in router.claims(text(ref.file), ref.index):
            other = owner.setdefault(claim, ref)
            if other is not ref:
                raise BindingError(
                    f"{ref.kind} {ref.name} and {other.name} ({other.file}) both own {claim}.",
                    remedy="merge them; only one of them would be used",
                    place=_place(ref, text),
                )


def _root(ref: DocRef, text: Callable[[Path], str]) -> Node:
    root = parse(text(ref.file), file=ref.file)[ref.index]
    assert root is not None, "documents are named by their headers"
    return root


def _place(ref: DocRef, text: Callable[[Path], str]) -> Place:
    root = _root(ref, text)
    return Place(ref.file, root.line, root.column)
