"""The other side: its tips, what it gives, what it takes. Every question has a deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitops_canary.errors import SpecError
from gitops_canary.git import commands, rejection
from gitops_canary.git.commands import Update
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.polling import NotNow, Poller, Unfit
from gitops_canary.git.process import Finished, Runner
from gitops_canary.git.rejection import Fate
from gitops_canary.git.surroundings import has_proxy
from gitops_canary.model.names import Revision

_CLONE_TIMES = 10
"""How many ordinary deadlines the first fetch may take."""
Tips = Mapping[str, Revision]


class Remote:
    """One remote repository, reached by git and, for its tips alone, by plain requests."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._poller = _poller(runner)
        self.atomic = True
        self._unchecked = False

    def tips(self, branches: Sequence[str]) -> Tips:
        """Ask for the tips of branches; those that do not exist are left out.

        Raises:
            Unavailable: it did not answer.
            Refused: it will not answer us.
        """
        self._runner.go_on()
        answer = self._poll(branches)
        if answer is None:
            answer = self._ls_remote(branches)
        if isinstance(answer, Finished):
            raise rejection.explain("ls-remote", answer)
        return answer

    def below(self, folder: str) -> Tips:
        """Ask for the tips of all branches below a folder of names.

        Raises:
            Unavailable, Refused: as `tips`.
        """
        self._runner.go_on()
        answer = self._listed(commands.ls_below(folder))
        if isinstance(answer, Finished):
            raise rejection.explain("ls-remote", answer)
        return answer

    def fetch(self, branches: Sequence[str], *, first: bool) -> Finished:
        """Fetch branches into the clone; the first time may take long."""
        times = _CLONE_TIMES if first else 1
        timeout_ms = self._runner.timeout_ms * times
        command = commands.fetch(branches, unchecked=self._unchecked)
        finished = self._runner.run(command, timeout_ms=timeout_ms)
        if self._unchecked or not rejection.is_unread(finished):
            return finished
        self._unchecked = True
        return self._runner.run(commands.fetch(branches, unchecked=True), timeout_ms=timeout_ms)

    def fetch_blobs(self, names: Sequence[ObjectId]) -> Finished:
        """Fetch blobs by their ids; many may take long."""
        wanted = "".join(f"{name}\n" for name in names).encode()
        timeout_ms = self._runner.timeout_ms * _CLONE_TIMES
        return self._runner.run(commands.FETCH_BLOBS, stdin=wanted, timeout_ms=timeout_ms)

    def push(self, updates: Sequence[Update]) -> Fate | None:
        """Move branches, all at once where the server can, else the last one first.

        None: it landed. LOST: a tip is somewhere else, perhaps because somebody built on ours.
        SPLIT: nothing was sent, as this server moves one branch at a time; from now on we do, too.

        Raises:
            Refused: the server will not have it.
            Unavailable: it did not answer; whether it has the commits shows the next fetch.
        """
        if len(updates) > 1 and not self.atomic:
            fates = [self.push([update]) for update in reversed(updates)]
            return next((fate for fate in fates if fate), None)
        finished = self._runner.run(commands.push(updates, atomic=len(updates) > 1))
        if finished.ok:
            return None
        # A server chooses these words, and may know our password.
        finished = replace(finished, out=self._runner.text(finished.out).encode())
        if len(updates) > 1 and rejection.lacks_atomic(finished):
            self.atomic = False
            return Fate.SPLIT
        outcome = rejection.fate(updates, self.tips([update.branch for update in updates]))
        if outcome is Fate.UNTOUCHED:
            raise rejection.explain_push(updates, outcome, finished)
        return None if outcome is Fate.LANDED else outcome

    def delete(self, branch: str, tip: Revision) -> None:
        """Delete a branch that still has a tip; one that is gone is well.

        Raises:
            Conflict: it has another one.
            Refused: the server will not have it.
            Unavailable: it did not answer.
        """
        finished = self._runner.run(commands.delete(branch, tip))
        now = None if finished.ok else self.tips([branch]).get(branch)
        if now is not None:
            update = Update(branch=branch, old=tip, new=now)
            outcome = Fate.UNTOUCHED if now == tip else Fate.LOST
            raise rejection.explain_push([update], outcome, finished)

    def rehearse(self, update: Update) -> int | None:
        """Ask whether we may push, without pushing; what hooks would say only a push tells.

        Gives what the server's clock said last, None where it was not asked over http.

        Raises:
            Refused: we may not.
            Unavailable: it did not answer.
        """
        finished = self._runner.run(commands.push([update], atomic=False, rehearse=True))
        if not finished.ok:
            raise rejection.explain("push --dry-run", finished)
        return self.clock_ms

    @property
    def clock_ms(self) -> int | None:
        """What the server's clock said as it told its tips last; None where it did not."""
        return self._poller.clock_ms if self._poller else None

    def close(self) -> None:
        """Close the connection."""
        if self._poller:
            self._poller.close()

    def _poll(self, branches: Sequence[str]) -> Tips | Finished | None:
        if self._poller is None:
            return None
        try:
            return self._poller.ask(branches)
        except NotNow:
            return None
        except Unfit:
            self.close()
            self._poller = None
            return None

    def _ls_remote(self, branches: Sequence[str]) -> Tips | Finished:
        tips = self._listed(commands.ls_remote(branches))
        if isinstance(tips, Finished):
            return tips
        return {branch: tips[branch] for branch in branches if branch in tips}

    def _listed(self, command: commands.Command) -> Tips | Finished:
        finished = self._runner.run(command)
        if not finished.ok:
            return finished
        lines = (line.split("\t", 1) for line in finished.out.decode(errors="replace").splitlines())
        tips = {commands.branch_of(ref): Revision(tip) for tip, ref in lines}
        if not all(map(commands.is_revision, tips.values())):
            raise SpecError(
                "the repository names its objects by SHA-256, which is not supported",
                remedy="manage a repository that was made with --object-format=sha1, git's default",
            )
        return tips


def _poller(runner: Runner) -> Poller | None:
    """Make a poller where the address alone says how to reach the server: no ssh, no proxy."""
    surroundings = runner.surroundings
    if surroundings.address.scheme not in {"https", "http"} or has_proxy(surroundings):
        return None
    return Poller(surroundings, timeout_ms=runner.timeout_ms)
