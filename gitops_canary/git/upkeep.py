"""Keeping the clone small: one git at a time beside all others, which nobody waits for.

Safe beside fetches, pushes and reads: git removes a pack only once another holds its objects, a
reader that misses one looks for the new one, and what nothing refers to stays for two weeks.
"""

import subprocess
import time

from gitops_canary.git.commands import PRUNE, REPACK, Command
from gitops_canary.git.process import Child, Runner

_TIMES = 10
"""How many ordinary deadlines it may take."""
_SAMPLE = "17"
_FANOUT = 256
_LOOSE_FOR_A_PACK = 64
"""So many loose objects count as a pack."""


class Upkeep:
    """Joins packs and loose objects once there are many."""

    def __init__(self, runner: Runner, packs_max: int) -> None:
        self._runner = runner
        self._packs_max = packs_max
        self._child: Child | None = None
        self._due: list[Command] = []
        self._until_s = 0.0

    def go_on(self) -> None:
        """Start what is due, or see whether what was started has ended; never waits."""
        if self._child is not None and self._child.process.poll() is None:
            if time.monotonic() > self._until_s:
                self.stop()  # it may be due again at once; nothing was lost
            return
        self._end()
        if not self._due and self._crowded():
            self._due = [REPACK, PRUNE]
        if self._due:
            self._until_s = time.monotonic() + _TIMES * self._runner.timeout_ms / 1000
            self._child = self._runner.start(self._due.pop(0), stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """End what is under way; its unfinished files are cleared away by the next one."""
        self._due = []
        self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _crowded(self) -> bool:
        objects = self._runner.surroundings.git_dir / "objects"
        packs = sum(1 for _ in objects.glob("pack/*.pack"))
        # Ids spread evenly, so one directory tells of all.
        loose = _FANOUT * sum(1 for _ in objects.glob(f"{_SAMPLE}/*"))
        return packs + loose // _LOOSE_FOR_A_PACK > self._packs_max
