"""What a routing object may be able to do beside weights; each a part of a Router (`ports.py`)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol, runtime_checkable

from gitops_canary.model.names import Path
from gitops_canary.model.spec import Affinity, Match

Pointer = tuple[str | int, ...]
"""Keys and indices from a document's root to a place in it."""


@runtime_checkable
class Sharing(Protocol):
    """A Router whose objects may hold rules of several applications."""

    def sided(self, text: str, document: int, *, namespace: str) -> frozenset[Pointer]:
        """Point at the rules in which every entry is a side of an application, whoever's.

        As seen from a namespace. What stands in them is no part of the shape of any other. Empty
        where an object is one's as a whole.
        """


class Matcher(Protocol):
    """How one kind of routing object sends matching requests, and only those, to the canary.

    Pure functions as a Router's; `matches` are alternatives.
    """

    def rules(
        self, text: str, document: int, matches: Sequence[Match], *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at what `add` wrote; empty where nothing of it stands there."""

    def shows(
        self, text: str, document: int, matches: Sequence[Match], *, namespace: str, apex: str
    ) -> bool:
        """Tell whether a live object has what `add` writes, beside defaults of its server."""

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
        """Let matching requests go to the canary, ahead of the weights; touch no other line.

        Raises:
            BindingError: this kind of object cannot match so.
        """

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
        """Take out exactly what `add` put in."""


class Mirror(Protocol):
    """How one kind of routing object copies requests to the canary; pure as a Router."""

    def mirrored(self, text: str, document: int, *, namespace: str, apex: str) -> bool:
        """Tell whether requests are copied to the canary."""

    def start(
        self, text: str, document: int, percent: Decimal, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Copy this part of the requests to the canary, whose answers nobody sees.

        Raises:
            BindingError: something else is mirrored there already.
        """

    def stop(self, text: str, document: int, *, file: Path, namespace: str, apex: str) -> str:
        """Take out exactly what `start` put in."""


class Keeper(Protocol):
    """How one kind of routing object keeps users on the side they met; pure as a Router.

    Responses set a cookie that holds `token`; requests with it go to that side whatever the weight.
    """

    def kept(
        self, text: str, document: int, affinity: Affinity, *, namespace: str, apex: str
    ) -> str:
        """Give the token that stands there; empty where none does.

        Something else that is no token where a person changed what `keep` wrote.
        """

    def rules(
        self, text: str, document: int, affinity: Affinity, *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at the rules for those who have a cookie."""

    def keep(
        self,
        text: str,
        document: int,
        affinity: Affinity,
        token: str,
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Write the cookies and the rules for those who have one; touch no other line.

        Raises:
            BindingError: this object cannot keep anybody.
        """

    def release(
        self, text: str, document: int, affinity: Affinity, *, file: Path, namespace: str, apex: str
    ) -> str:
        """Take out exactly what `keep` put in, whatever the token was."""
