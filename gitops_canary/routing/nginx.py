"""ingress-nginx: the annotation `canary-weight` of a second, canary Ingress.

Facts relied on (ingress-nginx' canary annotations): weights are texts from 0 to
`canary-weight-total` (100 where absent), a missing weight is 0, header and cookie rules win over
it, and there is at most one canary Ingress for each rule.
"""

from collections.abc import Iterator, Sequence

from gitops_canary.manifest.document import Node, Pointer, insert_key, remove
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Match
from gitops_canary.routing.identity import Names, word
from gitops_canary.routing.numbers import QUOTED
from gitops_canary.routing.refusal import root_of, wrong
from gitops_canary.routing.single import Single

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


class _Annotated:
    """The Matcher of canary Ingresses."""

    def rules(
        self, text: str, document: int, matches: Sequence[Match], *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at the annotations, where all stand there."""
        del namespace, apex
        root = root_of(text, document, Path(""))
        wanted = self._wanted(matches, root, Path(""))
        there = all(word(root, at) == value for at, value in wanted.items())
        return tuple(wanted) if there else ()

    def add(
        self,
        text: str,
        document: int,
        matches: Sequence[Match],
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Add the annotations."""
        del namespace, apex
        for at, value in self._wanted(matches, root_of(text, document, file), file).items():
            *inner, key = at
            text = insert_key(text, document, tuple(inner), str(key), value, file=file)
        return text

    def take(
        self,
        text: str,
        document: int,
        matches: Sequence[Match],
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Delete the annotations."""
        for at in self.rules(text, document, matches, namespace=namespace, apex=apex):
            text = remove(text, document, at, file=file)
        return text

    def _wanted(self, matches: Sequence[Match], root: Node, file: Path) -> dict[Pointer, str]:
        try:
            found = _annotations(matches)
        except ValueError as error:
            raise wrong(str(error), root, file, "match one header by exact or regex") from error
        return {(*ANNOTATIONS, key): value for key, value in found.items()}


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
