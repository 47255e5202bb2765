"""What reached the server, and how."""

from dataclasses import dataclass

from gitops_canary.model.names import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A commit of a controller that the server has got, before it is looked at."""

    revision: Revision
    base: Revision | None
    by: str
    planned: Revision | None = None
    """Of a request: the commit that its controller wrote."""
    tip: Revision | None = None
    """Of a request: the commit that merged it."""
    decided: bool = True
