"""ingress-nginx: the annotation `canary-weight` of a second, canary Ingress.

Facts relied on (ingress-nginx' canary annotations): weights are texts from 0 to
`canary-weight-total` (100 where absent), a missing weight is 0, header and cookie rules win over
it, and there is at most one canary Ingress for each rule.
"""

from collections.abc import Iterator, Mapping, Sequence

from gitops_canary.errors import Place
from gitops_canary.manifest.document import Json, Node, NodeKind, Pointer, data, insert_key
from gitops_canary.model.initial import Wanted
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Match
from gitops_canary.routing.conditions import Conditions
from gitops_canary.routing.founding import Made, none_to_create
from gitops_canary.routing.identity import Names, word
from gitops_canary.routing.numbers import QUOTED
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.single import HUNDRED, Single

_PREFIX = "nginx.ingress.kubernetes.io/"
ANNOTATIONS = ("metadata", "annotations")
INGRESS = frozenset({("networking.k8s.io", "Ingress"), ("extensions", "Ingress")})
_RULES = ("canary-by-header", "canary-by-header-value", "canary-by-header-pattern",
          "canary-by-cookie")  # fmt: skip


def _belongs(root: Node, names: Names) -> bool:
    canary = word(root, (*ANNOTATIONS, f"{_PREFIX}canary")) == "true"
    return canary and f"{names.apex}-canary" in {service for _, service in backends(root)}


def backends(root: Node) -> Iterator[tuple[str, str]]:
    """Give host and path, and the Service's name, of every path of an Ingress."""
    rules = root.get("spec", "rules")
    for rule in rules.items if rules else ():
        paths = rule.get("http", "paths")
        for path in paths.items if paths else ():
            service = word(path, ("backend", "service", "name"))
            old = word(path, ("backend", "serviceName"))
            yield f"{word(rule, ('host',)) or '*'}{word(path, ('path',))}", service or old


def _claims(root: Node) -> Iterator[str]:
    for where, _ in backends(root):
        yield f"the canary of {where}"


def _annotations(matches: Sequence[Match]) -> dict[str, str]:
    """Say one match in annotations.

    Raises:
        ValueError: the canary annotations cannot say it.
    """
    headers = [(n, *value) for match in matches for n, value in match.headers.items()]
    plain = all(not match.query and not match.source_labels for match in matches)
    if len(matches) != 1 or len(headers) != 1 or not plain:
        raise ValueError("A canary Ingress matches exactly one header or cookie")
    name, how, value = headers[0]
    if name == "cookie" and how == "exact":
        return {f"{_PREFIX}canary-by-cookie": value}
    keys = {"exact": "canary-by-header-value", "regex": "canary-by-header-pattern"}
    if name == "cookie" or how not in keys:
        raise ValueError(f"A canary Ingress cannot compare the header {name} by {how}")
    return {f"{_PREFIX}canary-by-header": name, f"{_PREFIX}{keys[how]}": value}


class _Annotated(Conditions):
    """The Matcher of canary Ingresses."""

    def found(self, root: Node, matches: Sequence[Match], names: Names) -> tuple[Pointer, ...]:
        """Point at the annotations, where all stand there."""
        del names
        wanted = self._wanted(matches, root, Path(""))
        there = all(word(root, at) == value for at, value in wanted.items())
        return tuple(wanted) if there else ()

    def shown(self, root: Node, matches: Sequence[Match], names: Names) -> bool:
        """Tell whether all annotations stand there."""
        return bool(self.found(root, matches, names))

    def written(
        self, text: str, document: int, matches: Sequence[Match], names: Names, file: Path
    ) -> str:
        """Add the annotations."""
        del names
        for at, value in self._wanted(matches, root_of(text, document, file), file).items():
            *inner, key = at
            text = insert_key(text, document, tuple(inner), str(key), value, file=file)
        return text

    def _wanted(self, matches: Sequence[Match], root: Node, file: Path) -> dict[Pointer, str]:
        try:
            found = _annotations(matches)
        except ValueError as error:
            raise wrong(str(error), root, file, "match one header by exact or regex") from error
        return {(*ANNOTATIONS, key): value for key, value in found.items()}


_MARKS: Mapping[str, tuple[str, ...]] = {
    "nginx": ("nginx.ingress.kubernetes.io/",),
    "alb": ("alb.ingress.kubernetes.io/",),
    "skipper": ("zalando.org/",),
    "haproxy": ("haproxy-ingress.github.io/", "haproxy.org/"),
    "traefik": ("traefik.ingress.kubernetes.io/",),
}
"""How the annotations of each controller begin; its class usually holds its name."""


def served(root: Node, controller: str) -> bool:
    """Tell whether a controller may serve an Ingress: nothing in it speaks of another one."""
    annotations = root.get(*ANNOTATIONS)
    keys = [key.value for key, _ in annotations.entries] if annotations else []
    marked = {one for one, marks in _MARKS.items() if any(key.startswith(marks) for key in keys)}
    if not marked:
        old = root.get(*ANNOTATIONS, "kubernetes.io/ingress.class")
        named = word(root, ("spec", "ingressClassName"))
        named = named or (old.value if old is not None and old.kind is NodeKind.SCALAR else "")
        marked = {one for one in _MARKS if one in named}
    return not marked or controller in marked


NGINX = Single(
    kinds=INGRESS,
    belongs=_belongs,
    weight_at=(*ANNOTATIONS, f"{_PREFIX}canary-weight"),
    form=QUOTED,
    absent_is_zero=True,
    total_at=(*ANNOTATIONS, f"{_PREFIX}canary-weight-total"),
    exposing=tuple((*ANNOTATIONS, _PREFIX + rule) for rule in _RULES[:1] + _RULES[3:]),
    scope=(("spec",), ANNOTATIONS),
    claimed=_claims,
    matcher=_Annotated(),
)
"""The Router of canary Ingresses."""


class _CanaryIngress:
    """The Founder: a second Ingress beside each that sends traffic to the Service users call.

    The first one stays as it is: ingress-nginx takes the second one's share out of it.
    """

    kinds = INGRESS

    def leads(self, text: str, document: int, wanted: Wanted) -> bool:
        """Tell whether a path of this Ingress leads to the Service users call."""
        root = root_of(text, document, Path(""))
        canary = word(root, (*ANNOTATIONS, f"{_PREFIX}canary")) == "true"
        mine = not canary and served(root, "nginx")
        return mine and wanted.apex in {service for _, service in backends(root)}

    def adopt(self, text: str, document: int, wanted: Wanted, *, file: Path) -> tuple[str, Made]:
        """Add the canary Ingress: the same hosts and paths, as far as they lead to the Service."""
        root = root_of(text, document, file)
        whole = data(root, file=file)
        assert isinstance(whole, dict), "documents are mappings"
        meta, spec = whole["metadata"], whole["spec"]
        assert isinstance(meta, dict), "documents have names"
        assert isinstance(spec, dict), "it has paths"
        rules = [one for rule in _items(spec, "rules") if (one := _rule(rule, wanted.apex))]
        notes = meta.get("annotations")
        kept: dict[str, Json] = {
            key: value
            for key, value in (notes.items() if isinstance(notes, dict) else ())
            if key.startswith(_PREFIX) or key == "kubernetes.io/ingress.class"
        }
        space = {"namespace": meta["namespace"]} if "namespace" in meta else {}
        kept_spec: dict[str, Json] = {
            key: spec[key] for key in ("ingressClassName", "tls") if key in spec
        }
        kept |= {f"{_PREFIX}canary": "true", f"{_PREFIX}canary-weight": "0"}
        if wanted.whole != HUNDRED:
            kept |= {f"{_PREFIX}canary-weight-total": str(wanted.whole)}
        made: dict[str, Json] = {
            "apiVersion": whole["apiVersion"],
            "kind": "Ingress",
            "metadata": {"name": f"{meta['name']}-canary", **space, "annotations": kept},
            "spec": {**kept_spec, "rules": [*rules]},
        }
        return text, (made,)

    def create(self, wanted: Wanted, *, place: Place) -> Made:
        """Refuse: host and path are only a person's to know."""
        return none_to_create(wanted, place)


def _rule(rule: dict[str, Json], apex: str) -> dict[str, Json]:
    """Keep the paths of one rule that lead to the Service, and let them name the canary's."""
    http = rule.get("http")
    paths = [_path(path, apex) for path in _items(http if isinstance(http, dict) else {}, "paths")]
    mine: list[Json] = [path for path in paths if path]
    return {**rule, "http": {"paths": mine}} if mine else {}


def _path(path: dict[str, Json], apex: str) -> dict[str, Json]:
    backend = path.get("backend")
    if not isinstance(backend, dict):
        return {}
    service = backend.get("service")
    if isinstance(service, dict) and service.get("name") == apex:
        return {**path, "backend": {"service": {**service, "name": f"{apex}-canary"}}}
    if backend.get("serviceName") == apex:
        return {**path, "backend": {**backend, "serviceName": f"{apex}-canary"}}
    return {}


def _items(value: dict[str, Json], key: str) -> list[dict[str, Json]]:
    found = value.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


NGINX_FOUNDER = _CanaryIngress()
"""The Founder of canary Ingresses."""
