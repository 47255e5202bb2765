"""Keeping the clone small: one git at a time beside all others, which nobody waits for.

Safe beside fetches, pushes and reads: git removes a pack only once another holds its objects, a
reader that misses one looks for the new one, and what nothing refers to stays for two weeks.

Packs that were fetched carry a mark (`.promisor`): whatever they refer to, the server has. `git
repack` joins those with a mark, and leaves alone every object of ours that one of them refers to;
so what the branches reach and is still loose gets a pack with a mark, too.
"""

import logging
import re
import subprocess
import time

from gitops_canary.git.commands import PRUNE, PRUNE_PACKED, REPACK, Command, pack_loose
from gitops_canary.git.process import Child, Runner
from gitops_canary.git.rejection import said

log = logging.getLogger("gitops_canary")
_TIMES = 10
"""How many ordinary deadlines it may take."""
_SAMPLE = "17"
_FANOUT = 256
_LOOSE_FOR_A_PACK = 64
"""So many loose objects count as a pack."""
_SAID_MAX = 1 << 12
_PACK = re.compile(rb"([0-9a-f]{40})\n")


class Upkeep:
    """Joins packs and loose objects once there are many."""

    def __init__(self, runner: Runner, packs_max: int) -> None:
        self._runner = runner
        self._packs_max = packs_max
        self._child: Child | None = None
        self._under_way: Command | None = None
        self._due: list[Command] = []
        self._until_s = 0.0
        self._place = runner.surroundings.git_dir / "objects" / "pack" / "pack"
        self._borne = 0
        """So many packs had to be borne when it failed last; it is not tried for as many again."""

    def go_on(self) -> None:
        """Start what is due, or see whether what was started has ended; never waits."""
        if self._child is not None and self._child.process.poll() is None:
            if time.monotonic() > self._until_s:
                self._fail("it did not end in time")
            return
        self._see()
        if not self._due and self._crowd() > self._packs_max + self._borne:
            self._due = [REPACK, pack_loose(self._place), PRUNE_PACKED, PRUNE]
        if self._due:
            self._until_s = time.monotonic() + _TIMES * self._runner.timeout_ms / 1000
            self._under_way = self._due.pop(0)
            self._child = self._runner.start(self._under_way, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        """End what is under way; its unfinished files are cleared away by the next one."""
        self._due = []
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _see(self) -> None:
        """See how what was started has ended."""
        if self._child is None or self._under_way is None:
            return
        process = self._child.process
        assert process.stdout is not None
        assert process.stderr is not None
        if process.returncode != 0:
            self._fail(said(self._runner.text(process.stderr.read(_SAID_MAX))))
            return
        if self._under_way.name == "pack-objects":
            for name in _PACK.findall(process.stdout.read(_SAID_MAX)):
                self._place.with_name(f"pack-{name.decode()}.promisor").touch()
        if not self._due:
            self._borne = 0
        self._child.kill()
        self._child = None

    def _fail(self, why: str) -> None:
        """Leave it for some time: what failed once fails again at every look."""
        name = self._under_way.name if self._under_way else ""
        log.warning("git %s could not tidy the clone, which works but grows: %s", name, why)
        self.stop()
        self._borne = self._crowd()

    def _crowd(self) -> int:
        """Count the packs, and so many loose objects as one."""
        objects = self._runner.surroundings.git_dir / "objects"
        packs = sum(1 for _ in objects.glob("pack/*.pack"))
        # Ids spread evenly, so one directory tells of all.
        loose = _FANOUT * sum(1 for _ in objects.glob(f"{_SAMPLE}/*"))
        return packs + loose // _LOOSE_FOR_A_PACK
