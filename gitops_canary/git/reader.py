"""Objects read through one persistent `cat-file`, in batches, each under a deadline."""

import time
from collections.abc import Generator, Iterator, Sequence
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
            for name, line in zip(batch, self._ask("info", batch), strict=True):
                kind, _, size = line.partition(" ")
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
            for name, line in zip(batch, self._ask("contents", batch), strict=True):
                found, _, size = line.partition(" ")
                if found == "missing":
                    yield name, Absent.MISSING
                    continue
                if found != kind:
                    self.close()
                    raise DamagedClone(f"{name} is {found}, not a {kind}")
                if int(size) > most:
                    self.close()  # rather than read it to its end
                    yield name, Absent.LARGE
                    return
                yield name, self._body(int(size))

    def tips(self, refs: Sequence[str]) -> dict[str, ObjectId]:
        """Tell where refs point, by their full names; those that do not exist are left out.

        Raises:
            DamagedClone: the process ended or hangs.
        """
        found = {}
        for ref, line in zip(refs, self._lines("info", refs), strict=True):
            name, _, rest = line.partition(" ")
            if rest != "missing":
                found[ref] = ObjectId(name)
        return found

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _ask(self, command: str, ids: Sequence[ObjectId]) -> Iterator[str]:
        """Send one batch; yield each answer's first line without the id."""
        for name, line in zip(ids, self._lines(command, ids), strict=True):
            answered, _, rest = line.partition(" ")
            if answered != name:
                self.close()  # whatever this is, it is not the conversation we began
                raise DamagedClone("git cat-file answered something else")
            yield rest

    def _lines(self, command: str, names: Sequence[str]) -> Generator[str]:
        if self._child is None:
            self._child = self._runner.start(CAT_FILE)
        try:
            self._child.send("".join(f"{command} {name}\n" for name in names).encode())
            for _ in names:
                yield self._child.line(self._deadline()).decode(errors="replace")
        except (EOFError, TimeoutError, BrokenPipeError) as error:
            self.close()
            raise DamagedClone("git cat-file stopped answering") from error
        except GeneratorExit:
            self.close()  # answers nobody reads would be taken for those of the next question
            raise

    def _body(self, size: int) -> bytes:
        assert self._child is not None
        return self._child.exactly(size + 1, self._deadline())[:-1]

    def _deadline(self) -> float:
        return time.monotonic() + self._runner.timeout_ms / 1000


def _batches(ids: Sequence[ObjectId]) -> Iterator[list[ObjectId]]:
    rest = iter(ids)
    while batch := list(islice(rest, _BATCH)):
        yield batch
