"""Every Canary of a revision, each file read once for as long as it and the templates stay."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gitops_canary.core import configs
from gitops_canary.errors import CanaryError, Place, SpecError
from gitops_canary.manifest import document, spec_file
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, CanaryId, Path
from gitops_canary.model.owned import DocRef
from gitops_canary.model.spec import CanarySpec

_CACHED = 8192
_Found = tuple[tuple[CanaryId, CanarySpec | CanaryError], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator says about reading a repository."""

    paths: Sequence[str]
    default_provider: str | None
    allow_missing: frozenset[str] = frozenset()
    allows: Callable[[str, str], bool] = lambda _source, _address: True
    """Whether a document may carry this address for this metric source."""
    counts: Callable[[str], bool] = lambda _source: True
    """Whether a metric source can be asked for builtin metrics, if it is there."""
    calls: Callable[[str], bool] = lambda _target: True
    """Whether a document may have this webhook called: a URL, or a name in controller.yaml."""
    notifies: Callable[[str], bool] = lambda _notifier: True
    """Whether a document may have this notifier tell: a name, or `namespace/name` of Flagger's."""


class Canaries:
    """Reads Canary documents; what it keeps is a cache keyed by content.

    `headers` names the documents of a file, or says why it cannot be read; `text` reads one.
    """

    def __init__(
        self,
        rules: Rules,
        headers: Callable[[Path, BlobId], tuple[DocRef, ...] | SpecError],
        text: Callable[[Path, BlobId], str],
    ) -> None:
        self._rules = rules
        self._headers = lru_cache(_CACHED)(headers)
        self._text = text
        self._specs = lru_cache(_CACHED)(self._read_specs)

    def read(
        self, files: Sequence[tuple[Path, Blob]]
    ) -> tuple[Mapping[CanaryId, CanarySpec], Mapping[CanaryId, CanaryError]]:
        """Read every Canary of a revision; what is wrong with one never hides another."""
        specs: dict[CanaryId, CanarySpec] = {}
        errors: dict[CanaryId, CanaryError] = {}
        for canary, found in self._read_all(files):
            if isinstance(found, CanaryError):
                errors[canary] = found
                continue
            if canary in specs:
                errors[canary] = _twice(specs[canary].place, found)
            specs[canary] = found
        return {k: v for k, v in specs.items() if k not in errors}, errors

    def _read_all(
        self, files: Sequence[tuple[Path, Blob]]
    ) -> Iterator[tuple[CanaryId, CanarySpec | CanaryError]]:
        holders: list[tuple[Path, BlobId]] = []
        sources: list[tuple[Path, BlobId]] = []
        for path, blob in files:
            found = self._headers(path, blob.id)
            if isinstance(found, CanaryError):
                yield CanaryId(path), found
                continue
            if any(spec_file.is_template(ref.api_version, ref.kind) for ref in found):
                sources.append((path, blob.id))
            if any(spec_file.is_canary(ref.api_version, ref.kind) for ref in found):
                holders.append((path, blob.id))
        templates = tuple(sources)
        for path, blob_id in holders:
            yield from self._specs(path, blob_id, templates)

    def _read_specs(
        self, path: Path, blob: BlobId, sources: tuple[tuple[Path, BlobId], ...]
    ) -> _Found:
        """Read the Canaries of one file, with the templates of others."""
        lookup = spec_file.templates(
            pair
            for file, name in sources
            for pair in self._documents(file, name)
            if spec_file.is_template(pair[0].api_version, pair[0].kind)
        )
        return tuple(
            self._read_spec(ref, node, lookup)
            for ref, node in self._documents(path, blob)
            if spec_file.is_canary(ref.api_version, ref.kind)
        )

    def _read_spec(
        self, ref: DocRef, node: document.Node, lookup: spec_file.TemplateLookup
    ) -> tuple[CanaryId, CanarySpec | CanaryError]:
        try:
            spec = spec_file.read_canary(
                node,
                file=ref.file,
                templates=lookup,
                allow_missing=self._rules.allow_missing,
                default_provider=self._rules.default_provider,
            )
            configs.checked(spec)
            self._addresses(spec)
        except CanaryError as error:
            return CanaryId(f"{ref.namespace or 'default'}/{ref.name}"), error
        return spec.id, spec

    def _addresses(self, spec: CanarySpec) -> None:
        for one in spec.policy.checks:
            if one.address and not self._rules.allows(one.source, one.address):
                raise SpecError(
                    f"The check {one.name} names an address the operator does not allow for the "
                    f"metric source {one.source}.",
                    remedy=f"take it out, or add it to metrics.sources.{one.source}.addresses",
                    place=spec.place,
                )
            if one.builtin and not self._rules.counts(one.source):
                raise SpecError(
                    f"The builtin metric {one.name} is asked in PromQL, and the metric source "
                    f"{one.source} does not speak it.",
                    remedy="name a source of type prometheus, or give the check a query",
                    place=spec.place,
                )

        for hook in spec.policy.webhooks:
            if not self._rules.calls(hook.target):
                raise SpecError(
                    f"The webhook {hook.name} calls what the operator does not allow.",
                    remedy="add it under webhooks in controller.yaml: its url, or one of addresses",
                    place=spec.place,
                )

        for alert in spec.alerts:
            if not self._rules.notifies(alert.notifier):
                raise SpecError(
                    f"The alert {alert.name} goes where the operator has no notifier: "
                    f"{alert.notifier}.",
                    remedy="add a notifier of that name to controller.yaml, or list it under the "
                    "providers of one",
                    place=spec.place,
                )

    def _documents(self, path: Path, blob: BlobId) -> Iterator[tuple[DocRef, document.Node]]:
        found = self._headers(path, blob)
        assert not isinstance(found, CanaryError), "a file that cannot be read is an error before"
        nodes = document.parse(self._text(path, blob), file=path)
        for ref in found:
            node = nodes[ref.index]
            assert node is not None, "a document with headers is not empty"
            yield ref, node


def _twice(first: Place, spec: CanarySpec) -> SpecError:
    return SpecError(
        f"The id {spec.id} is used twice: here and in {first}.",
        remedy="give one of them another spec.id (or another name)",
        place=spec.place,
    )
