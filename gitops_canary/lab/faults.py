"""What can go wrong between a client and its Git server, one request at a time."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

RECEIVE = "git-receive-pack"
PROBE = len(b"0000")
"""Bytes that git sends to see whether it may push."""


class Kind(Enum):
    """How a request goes wrong."""

    STATUS = "status"
    DELAY = "delay"
    DROP = "drop"
    STALL = "stall"
    LOST = "lost acknowledgement"
    RACE = "race"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One switch: what happens to the next requests it applies to."""

    kind: Kind
    times: int
    service: str
    """`git-upload-pack`, `git-receive-pack`, or empty for both."""
    pushes_only: bool = False
    amount: float = 0.0
    action: Callable[[], object] | None = None


class Faults:
    """The switches of one server; each request uses up the first that applies to it."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def status(self, code: int, *, times: int = 1, service: str = "") -> None:
        """Answer with an HTTP status instead of asking git."""
        self._add(Fault(kind=Kind.STATUS, times=times, service=service, amount=code))

    def delay(self, seconds: float, *, times: int = 1, service: str = "") -> None:
        """Answer late."""
        self._add(Fault(kind=Kind.DELAY, times=times, service=service, amount=seconds))

    def drop(self, after_bytes: int, *, times: int = 1, service: str = "") -> None:
        """Cut the connection after so many bytes of the answer's body."""
        self._add(Fault(kind=Kind.DROP, times=times, service=service, amount=after_bytes))

    def stall(self, *, times: int = 1, service: str = "") -> None:
        """Never answer, until `clear` or the end of the server."""
        self._add(Fault(kind=Kind.STALL, times=times, service=service))

    def lose_acknowledgement(self, *, times: int = 1) -> None:
        """Apply the next push, then cut the connection before the answer."""
        self._add(Fault(kind=Kind.LOST, times=times, service=RECEIVE, pushes_only=True))

    def before_push(self, action: Callable[[], object]) -> None:
        """Let somebody else act between the next push's look at the refs and its writing."""
        fault = Fault(kind=Kind.RACE, times=1, service=RECEIVE, pushes_only=True, action=action)
        self._add(fault)

    def clear(self) -> None:
        """Forget all switches and let go of stalled requests."""
        with self._lock:
            self._waiting.clear()
            self.released.set()
            self.released = threading.Event()

    def take(self, *, target: str, size: int) -> Fault | None:
        """Use up the first switch that applies to a request with a body of `size` bytes.

        Before a large push git's client probes the server with an empty one, which is no push.
        """
        with self._lock:
            for fault in self._waiting:
                if fault.service in target and (size > PROBE or not fault.pushes_only):
                    fault.times -= 1
                    if fault.times == 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)
