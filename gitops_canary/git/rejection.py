"""What became of a command that failed: told by the refs where possible, by git's words where not.

Servers word a lost race in a dozen ways, so a push is never judged by its text alone: the refs are
looked at again. Only whether the other side said no or did not answer is read from the text.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum

from gitops_canary.errors import (
    CanaryError,
    Conflict,
    HistoryError,
    Locked,
    Refused,
    SpecError,
    Unavailable,
)
from gitops_canary.git.commands import Update
from gitops_canary.git.process import Finished

_SAID_MAX = 600
_STATUS = re.compile(r"returned error: (\d{3})")
_NO_LOGIN = re.compile(
    r"Authentication failed|could not read (Username|Password)|Permission denied"
    r"|repository '[^']*' not found|Repository not found|does not appear to be a git repository"
    r"|Host key verification failed|marked as read only|not allowed to (push|upload)"
)
_NO_PATH = re.compile(r"^fatal: '(/[^']*)' does not appear to be a git repository", re.MULTILINE)
"""What git says of a path on this machine; of a server's path ssh passes on the same words."""
_DECLINED = re.compile(r"^!\t[^\t]*\t\[remote rejected\] \((.*)\)$", re.MULTILINE)
_IN_THE_WAY = re.compile(r"'refs/heads/[^']*' exists; cannot (create|lock)")
_LOCKED = re.compile(
    r"(cannot|failed to|could not|unable to) lock|failed to update ref|incorrect old value"
    r"|reference already exists"
)
_NO_ATOMIC = "does not support --atomic"
_REMOTE = re.compile(
    r"unable to access|RPC failed|Could not read from remote repository|Could not resolve"
    r"|remote error|protocol error|hung up|early EOF|did not send all necessary objects"
    r"|^remote: (fatal|error|aborting)|mismatched algorithms",
    re.MULTILINE,
)
_OWN_DISK = re.compile(
    r"^(?!remote:).*(No space left on device|Disk quota exceeded|Read-only file system"
    r"|File too large|couldn't write|unable to write|write error|(index-pack|unpack-objects) died)",
    re.MULTILINE,
)
"""What git says of our clone; what the server says of its own disk begins with `remote:`."""
_BAD_OBJECT = re.compile(r"fsck error")
_COMPLAINT = re.compile(r"^error: object [0-9a-f]{40}: (\w+): ", re.MULTILINE)
_UNREAD = re.compile(r"git(modules|attributes)[A-Z]\w*")
_LOGIN_STATUSES = {401, 403, 404}
_TOO_LARGE = 413
_MOVED = {301, 302, 303, 307, 308}


class Fate(Enum):
    """What became of a push that reported a failure; told by the refs, all but `SPLIT`."""

    LANDED = "landed"
    LOST = "lost"
    UNTOUCHED = "untouched"
    SPLIT = "split"


def fate(updates: Sequence[Update], tips: Mapping[str, str]) -> Fate:
    """Tell from the tips after a push what it did; `tips` lacks branches that do not exist."""
    if all(tips.get(update.branch) == update.new for update in updates):
        return Fate.LANDED
    if all(tips.get(update.branch) in {update.old, update.new} for update in updates):
        return Fate.UNTOUCHED
    return Fate.LOST


def is_remote(finished: Finished) -> bool:
    """Tell whether a fetch failed on the way or for what it brought, not for our clone."""
    signs = (_REMOTE, _STATUS, _NO_LOGIN, _BAD_OBJECT)
    return finished.late or any(sign.search(finished.err) for sign in signs)


def is_unread(finished: Finished) -> bool:
    """Tell whether git only found fault with `.gitmodules` and `.gitattributes`.

    A checkout might obey them; we have none, and one file of one team may not keep everybody's
    commits out. Git before 2.45 cannot be told to let them pass in a partial clone.
    """
    found = _COMPLAINT.findall(finished.err)
    return not finished.ok and bool(found) and all(_UNREAD.fullmatch(name) for name in found)


def lacks_atomic(finished: Finished) -> bool:
    """Tell whether the server cannot move two branches at once."""
    return _NO_ATOMIC in finished.err


def explain_push(updates: Sequence[Update], outcome: Fate, finished: Finished) -> CanaryError:
    """Say why a push that did not land did not."""
    if outcome is Fate.LOST:
        return conflict(updates)
    reasons = _DECLINED.findall(finished.out.decode(errors="replace"))
    if not reasons:
        return explain("push", finished)
    why = f"({clean(', '.join(dict.fromkeys(reasons)))}): {said(finished.err)}"
    if _IN_THE_WAY.search(finished.err):
        return Refused(
            f"another branch's name is in the way {why}",
            remedy="rename or delete the branch that the server says exists",
        )
    # One of several branches may be the one that is locked; git blames the transaction for all.
    if any(map(_LOCKED.search, (*reasons, finished.err))):
        return Locked(
            f"the server could not update the branch {why}",
            remedy="nothing, unless it stays: then look for a stale lock in the server",
        )
    return Refused(
        f"the server refused the push {why}",
        remedy="let the controller's user push to this branch, or deliver by pull request",
    )


def conflict(updates: Sequence[Update]) -> Conflict:
    """Say that somebody was faster."""
    names = " or ".join(update.branch for update in updates)
    return Conflict(
        f"somebody else moved {names} first",
        remedy="nothing: the controller fetches and decides again",
    )


def explain(what: str, finished: Finished) -> CanaryError:
    """Say why a command that talks to the remote failed."""
    if finished.late:
        return Unavailable(
            f"git {what} did not end before its deadline and was stopped",
            remedy="look at the Git server and the network; `run` asks again by itself",
        )
    found = _STATUS.search(finished.err)
    status = int(found[1]) if found else 0
    if status == _TOO_LARGE:
        return Refused(
            f"git {what} was refused as too large: {said(finished.err)}",
            remedy="let the server, or the proxy before it, take larger requests",
        )
    if status in _MOVED:
        return Unavailable(
            f"git {what} was sent elsewhere ({said(finished.err)})",
            remedy="write the repository's new address into url; it is not followed, as the "
            "password would go along",
        )
    if _NO_LOGIN.search(finished.err) or status in _LOGIN_STATUSES:
        return _denied(what, finished)
    if _BAD_OBJECT.search(finished.err):
        return HistoryError(
            f"the repository holds an object that git itself would not make: {said(finished.err)}",
            remedy="find it with git fsck; nothing is fetched while the branch reaches it",
        )
    remedy = "look at the Git server and the network; `run` asks again by itself"
    if what == "fetch" and _OWN_DISK.search(finished.err):
        remedy = "look at this machine's disk: has it room, may it be written? `run` tries again"
    problem = f"git {what} failed (exit {finished.code}): {said(finished.err)}"
    return Unavailable(problem, remedy=remedy)


def _denied(what: str, finished: Finished) -> Refused:
    """Say why the other side will not have us; of a path git tells it, a server does not."""
    if gone := _NO_PATH.search(finished.err):
        return Refused(
            f"git {what} was refused: there is no repository at {clean(gone[1])}",
            remedy="correct the path in url, or put the repository there",
        )
    return Refused(
        f"git {what} was refused: wrong user or password, no permission, or there is no such "
        f"repository (a server does not tell which): {said(finished.err)}",
        remedy="check url, credentials.username and the file in credentials.passwordFile, "
        "and that this user may write to the repository",
    )


def incomplete(branch: str, finished: Finished) -> CanaryError:
    """Say why a fetch that went well has not brought a branch."""
    if "shallow" in finished.err:
        return HistoryError(
            f"the server's own clone of {branch} is shallow: its history is cut off",
            remedy="git fetch --unshallow in the server's repository",
        )
    return Unavailable(
        f"git fetch has not brought {branch}: {said(finished.err)}",
        remedy="look at the Git server; `run` asks again by itself",
    )


def no_branch(branch: str) -> SpecError:
    """Say that the remote has no such branch."""
    return SpecError(
        f"the repository has no branch {branch}",
        remedy="push the branch, or correct `branch` in controller.yaml",
    )


def too_large(blob: str, bytes_max: int) -> SpecError:
    """Say that a file is not read for its size."""
    return SpecError(
        f"the file with blob {blob} is larger than {bytes_max} bytes",
        remedy="keep manifests small, or keep this file out of `paths`",
    )


def said(text: str) -> str:
    """Make one safe line of what git and the server said."""
    lines = (clean(line.removeprefix("remote:")).strip() for line in text.splitlines())
    return "; ".join(line for line in lines if line)[:_SAID_MAX] or "no reason given"


def clean(text: str) -> str:
    """Leave out whatever a terminal would obey."""
    return "".join(letter for letter in text if letter.isprintable())


def damaged(error: Exception) -> Unavailable:
    """Tell that our own clone lacks what it must have."""
    return Unavailable(
        f"the local clone is damaged ({error})",
        remedy="nothing: the next look makes it anew from the remote",
    )


def strange(error: ValueError) -> HistoryError:
    """Tell of an object that cannot be read."""
    return HistoryError(
        f"the repository holds an object git itself would not make: {error}",
        remedy="find it with git fsck",
    )
