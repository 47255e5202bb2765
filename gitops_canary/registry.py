"""Names to plug-ins: an unknown name is an error that names the nearest known one."""

import difflib
from collections.abc import Iterator, Mapping
from typing import TypeVar

from gitops_canary.errors import SpecError

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """A typed table of plug-ins of one kind; there is never a default."""

    def __init__(self, kind: str, known: Mapping[str, T]) -> None:
        self._kind = kind
        self._known = dict(known)

    def __getitem__(self, name: str) -> T:
        """Find a plug-in.

        Raises:
            SpecError: there is none of that name.
        """
        if name not in self._known:
            near = difflib.get_close_matches(name, self._known, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise SpecError(
                f"There is no {self._kind} called {name!r}.",
                remedy=f"{hint}known: {', '.join(sorted(self._known))}",
            )
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether there is one of that name; asking is no error."""
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)
