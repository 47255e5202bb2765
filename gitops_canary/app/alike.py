"""Specs that lie in the same places, so that what was read for one holds for the other."""

from gitops_canary.model.spec import CanarySpec


class Alike:
    """A spec, equal to every other that lies in the same places."""

    __slots__ = ("_hash", "_key", "spec")

    def __init__(self, spec: CanarySpec) -> None:
        self.spec = spec
        self._key = (
            spec.id, str(spec.place), spec.namespace, spec.target, spec.apex, spec.provider,
            spec.source, spec.replicas, spec.routing, spec.autoscaler, spec.policy.digest,
        )  # fmt: skip
        self._hash = hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and other._key == self._key

    def __hash__(self) -> int:
        return self._hash
