"""What a person decided about an application's first canary."""

import posixpath
import re
from dataclasses import dataclass, replace

from gitops_canary.manifest.initial.terrain import Document, Terrain


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person decided."""

    workload: Document
    namespace: str
    provider: str
    service: Document | None
    """What users call; None where no Service is there yet."""
    front: str
    """Its name in the repository."""
    canary: Document | None = None
    """A Canary that is there already, e.g. Flagger's."""
    fronts: tuple[Document, ...] = ()
    """Every Service that selects the pods, that one too."""
    outer: str | None = None
    """The overlay; None where kustomize does not build the workload."""
    serving: bool = True
    """Whether users depend on it already: then three commits, else one."""
    carried: bool = False
    """Whether the controller carries it out: its Canary is there, and only the rest is to do."""
    prefix: str = ""
    """What kustomize puts before every name."""
    id: str = ""
    """What tells the Canary from that of the same application in another cluster."""
    gateway: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The workload's name in the cluster."""
        return f"{self.prefix}{self.workload.ref.name}"

    @property
    def apex(self) -> str:
        """The name by which users call the Service."""
        return f"{self.prefix}{self.front}"

    @property
    def title(self) -> str:
        """The canary's id."""
        if self.canary is None:
            return self.id or f"{self.namespace}/{self.name}"
        return self.canary.word("spec", "id") or f"{self.namespace}/{self.canary.ref.name}"


def identified(terrain: Terrain, choice: Choice) -> Choice:
    """Give a new Canary an id of its own where another cluster's has the usual one."""
    known = {
        one.word("spec", "id") or f"{one.ref.namespace or 'default'}/{one.ref.name}"
        for one in terrain.of("Canary")
    }
    if choice.canary is not None or choice.title not in known:
        return choice
    return replace(choice, id=f"{choice.namespace}/{label(terrain, choice)}")


def label(terrain: Terrain, choice: Choice) -> str:
    """Name the workload, and the overlay by as many of its last folders as no other one ends in."""
    name, kind = choice.workload.ref.name, choice.workload.ref.kind
    others = [
        (outer, one.ref.namespace)
        for one in terrain.of(kind)
        if one.ref.name == name
        for outer in terrain.built.get(one.ref.file, (posixpath.dirname(one.ref.file),))
    ]
    spaces = {space for _, space in others}
    if choice.outer is None and (len(others) == 1 or len(spaces) > 1):
        return f"{name}-{choice.namespace}" if len(others) > 1 and choice.namespace else name
    beside = posixpath.dirname(choice.workload.ref.file)
    parts = (beside if choice.outer is None else choice.outer).split("/")
    rest = {tuple(outer.split("/")) for outer, _ in others} - {tuple(parts)}
    count = 1
    while count < len(parts) and any(one[-count:] == tuple(parts[-count:]) for one in rest):
        count += 1
    said = parts[-count:-1] if count > 1 and parts[-1] == name else parts[-count:]
    folder = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(said)).strip("-")
    return name if folder in {"", name} else f"{name}-{folder}"
