"""What a person decided about an application's first canary."""

from dataclasses import dataclass

from gitops_canary.manifest.initial.terrain import Document


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
            return f"{self.namespace}/{self.name}"
        return self.canary.word("spec", "id") or f"{self.namespace}/{self.canary.ref.name}"
