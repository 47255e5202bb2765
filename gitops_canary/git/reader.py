"""Objects read through one persistent `cat-file`, in batches, each under a deadline."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import islice

from gitops_canary.errors import HistoryError
from gitops_canary.git.commands import CAT_FILE
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.process import Child, Runner

_BYTES_MAX = 32 << 20
"""More has no tree of a million entries, and no commit of a person."""
_BATCH = 256
"""Requests on the way at once; they fit into the pipe, so that neither side waits for ever."""


class DamagedClone(Exception):  # noqa: N818 - handled inside git/, never shown
    """Our own clone lacks what it must have; it can be made anew from the remote."""


class Absent(Enum):
    """Why there is no body."""

    MISSING = "missing"
    LARGE = "large"


class Reader:
    """Reads objects by id; starts its process when first asked."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._child: Child | None = None

    def info(self, ids: Sequence[ObjectId]) -> Iterator[tuple[ObjectId, str, int]]:
        """Yield kind and size of each object: (id, kind, bytes); kind `missing` if there is none.

        Raises:
            DamagedClone: the process ended or hangs.
        """
        for batch in _batches(ids):
            with self._turn("info", batch) as child:
                for name in batch:
                    kind, _, size = _answer(child, name, self._deadline()).partition(" ")
                    yield name, kind, int(size or 0)

    def read(self, ids: Sequence[ObjectId], kind: str) -> Iterator[tuple[ObjectId, bytes]]:
        """Yield the bodies of objects of one kind, in order.

        Raises:
            DamagedClone: one is missing or of another kind.
            HistoryError: one is larger than any reason.
        """
        for name, body in self.read_within(ids, kind, _BYTES_MAX):
            if body is Absent.MISSING:
                raise DamagedClone(f"{name} is missing")
            if body is Absent.LARGE:
                raise HistoryError(
                    f"the {kind} {name} has more than {_BYTES_MAX >> 20} MiB",
                    remedy="take it out of the branch; nothing is read while it is reachable",
                )
            yield name, body

    def read_within(
        self, ids: Sequence[ObjectId], kind: str, most: int
    ) -> Iterator[tuple[ObjectId, "bytes | Absent"]]:
        """Yield the bodies of objects of one kind, in order; nothing follows the first too large.

        Raises:
            DamagedClone: one is of another kind.
        """
        for batch in _batches(ids):
            with self._turn("contents", batch) as child:
                for name in batch:
                    deadline = self._deadline()
                    found, _, size = _answer(child, name, deadline).partition(" ")
                    if found == "missing":
                        yield name, Absent.MISSING
                        continue
                    if found != kind:
                        raise DamagedClone(f"{name} is {found}, not a {kind}")
                    if int(size) > most:
                        self.close()  # rather than read it to its end
                        yield name, Absent.LARGE
                        return
                    yield name, child.exactly(int(size) + 1, deadline)[:-1]

    def tips(self, refs: Sequence[str]) -> dict[str, ObjectId]:
        """Tell where refs point, by their full names; those that do not exist are left out.

        Raises:
            DamagedClone: the process ended or hangs.
        """
        found = {}
        with self._turn("info", refs) as child:
            for ref in refs:
                name, _, rest = _line(child, self._deadline()).partition(" ")
                if rest != "missing":
                    found[ref] = ObjectId(name)
        return found

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    @contextmanager
    def _turn(self, command: str, names: Sequence[str]) -> Iterator[Child]:
        """Ask for one batch; whoever asked reads all the answers, or the process ends."""
        if self._child is None:
            self._child = self._runner.start(CAT_FILE)
        try:
            self._child.send("".join(f"{command} {name}\n" for name in names).encode())
            yield self._child
        except (EOFError, TimeoutError, BrokenPipeError) as error:
            self.close()
            raise DamagedClone("git cat-file stopped answering") from error
        except BaseException:
            self.close()  # answers nobody reads would be taken for those of the next question
            raise

    def _deadline(self) -> float:
        return time.monotonic() + self._runner.timeout_ms / 1000


def _answer(child: Child, name: ObjectId, deadline: float) -> str:
    """Read an answer's first line without the id."""
    answered, _, rest = _line(child, deadline).partition(" ")
    if answered != name:
        raise DamagedClone("git cat-file answered something else")
    return rest


def _line(child: Child, deadline: float) -> str:
    return child.line(deadline).decode(errors="replace")


def _batches(ids: Sequence[ObjectId]) -> Iterator[list[ObjectId]]:
    rest = iter(ids)
    while batch := list(islice(rest, _BATCH)):
        yield batch
