"""What is asked of a kind of routing object that does not split yet."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The split between the two Services of one application."""

    namespace: str
    apex: str
    """The Service users call; `-primary` and `-canary` are the two it is split into."""
    written_namespace: str = ""
    """What `metadata.namespace` of new documents says; empty where something else sets it."""
    port: int = 80
    hosts: tuple[str, ...] = ()
    gateway: str = ""
    """`namespace/name` or `name`; empty where none is known."""
