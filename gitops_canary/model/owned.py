"""What the controller owns in one revision of the repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gitops_canary.errors import Place
from gitops_canary.model.names import Digest, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DocRef:
    """One document of one file, found by identity and valid for one revision only."""

    file: Path
    index: int
    """Counts the documents of the file from 0."""
    api_version: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigPair:
    """A ConfigMap or Secret that is part of the version, and the primary's copy of it."""

    kind: str
    name: str
    """The candidate's; the primary's is `<name>-primary`."""
    candidate: DocRef
    primary: DocRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Versions are the pod templates of two workloads (mode `template`)."""

    candidate: DocRef
    primary: DocRef
    scaled: bool
    """True where something else owns the candidate's replicas: a scaler, or a DaemonSet's nodes."""
    primary_scaled: bool = False
    """True where a scaler owns the replicas of the primary."""
    pause: DocRef | None = None
    """The candidate's ScaledObject: an annotation of it says that the canary sleeps."""
    configs: tuple[ConfigPair, ...] = ()
    shared: tuple[str, ...] = ()
    """ConfigMaps and Secrets that both sides use: a change reaches everyone at once."""

    @property
    def idles(self) -> bool:
        """Whether Git can put the canary to sleep."""
        return not self.scaled or self.pause is not None

    @property
    def documents(self) -> tuple[DocRef, ...]:
        """Every document that is written: what a version lies in, and what lets it sleep."""
        copies = (ref for one in self.configs for ref in (one.candidate, one.primary))
        pause = (self.pause,) if self.pause else ()
        return (self.candidate, self.primary, *copies, *pause)

    @property
    def files(self) -> frozenset[Path]:
        """Every file a version lies in."""
        return frozenset(ref.file for ref in self.documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRef:
    """One field of one document, valid for one revision only."""

    file: Path
    index: int
    """Counts the documents of the file from 0."""
    path: tuple[str | int, ...]
    """Keys and list indices from the document's root."""
    inner: tuple[tuple[str | int, ...], ...] = ()
    """Further paths, each inside the text (YAML or JSON) that the one before leads to."""
    aside: str = ""
    """Of a list's item: the key it was found by, which is no part of the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldBinding:
    """The two fields of one part of the version."""

    name: str
    container: str | None
    """The container whose image it is; None where pods do not show it."""
    candidate: FieldRef
    primary: FieldRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Versions are the values of listed pairs of fields (mode `fields`)."""

    pairs: tuple[FieldBinding, ...]
    replicas: FieldRef | None = None
    """The canary's; None where they are not written."""
    primary_replicas: FieldRef | None = None

    @property
    def idles(self) -> bool:
        """Whether Git can put the canary to sleep."""
        return self.replicas is not None

    @property
    def places(self) -> tuple[FieldRef, ...]:
        """Every field that is written, and no other canary's."""
        own = (ref for pair in self.pairs for ref in (pair.candidate, pair.primary))
        return (*own, *((self.replicas,) if self.replicas else ()))

    @property
    def files(self) -> frozenset[Path]:
        """Every file a version lies in, or a number of replicas."""
        more = (self.primary_replicas,) if self.primary_replicas else ()
        return frozenset(ref.file for ref in (*self.places, *more))


@dataclass(frozen=True, slots=True)
class Spot:
    """What only one canary may own: a document, or what lies below a pointer in it."""

    file: Path
    index: int
    """Counts the documents of the file from 0."""
    at: tuple[str | int, ...]
    """Keys and list indices from the document's root; empty for all of it."""
    place: Place
    """Where that begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Where one canary's versions and weights lie in one revision."""

    versions: Templates | Fields
    routes: tuple[DocRef, ...]
    spots: tuple[Spot, ...]
    """What of it is this canary's alone."""

    @property
    def files(self) -> frozenset[Path]:
        """Every file a move may touch."""
        return self.versions.files | {ref.file for ref in self.routes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The owned values of one workload, in the candidate's names.

    `digest` covers the whole pod template mapped to the candidate's names, or every listed field,
    so that two sides are equal exactly when a promotion would change nothing.
    """

    digest: Digest
    images: Mapping[str, str]
    """Container (and init container) name to image reference; of fields: name to value."""
    replicas: int | None
    """None where the manifest does not say, or a scaler decides."""
    visible: bool = True
    """Whether pods show exactly these images."""

    @property
    def version(self) -> str:
        """`container=ref`, sorted and comma-separated: the text of `Canary-Version`."""
        return ",".join(f"{name}={ref}" for name, ref in sorted(self.images.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Every owned value of one canary in one revision."""

    candidate: Side
    primary: Side
    weight: Decimal
    """Percent of primary + canary, the same in every weighted list."""
    shape: Digest
    """Digest of the routing objects without their weights: a change is a person's override."""

    mirrored: bool = False
    """Whether requests are copied to the canary because the Canary asks for it."""
    kept: str = ""
    """Token of the cookies that keep users on their side; empty where there are none."""

    @property
    def exposed(self) -> bool:
        """Whether the canary gets requests, or copies of them."""
        return self.weight > 0 or self.mirrored

    @property
    def settled(self) -> bool:
        """Whether candidate and primary are the same version."""
        return self.candidate.digest == self.primary.digest
