"""What a document names in other files: fields with versions, replicas and weights."""

from dataclasses import dataclass

from gitops_canary.errors import Place
from gitops_canary.model.names import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One field of one file, as a document names it."""

    file: Path
    """From the repository's root."""
    document: str
    """`Kind/name`, empty where the file has one document only."""
    field: str
    """A path in the grammar of manifest/field_path.py."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePair:
    """One part of the version: where the candidate has it and where the primary has it."""

    name: str
    container: str | None
    candidate: Reference
    primary: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """Where two numbers of pods lie: what lets a canary idle at zero beside listed fields."""

    candidate: Reference
    primary: Reference | None
    """A canary that wakes gets as many; one where it is not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where the weight lies that nothing else finds."""

    weight: Reference
    rest: Reference | None
    """Gets what the canary does not; in the same document."""
    total: int
