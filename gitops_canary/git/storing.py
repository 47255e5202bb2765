"""New objects on their way into the clone: one pack, checked by git as it comes in."""

from gitops_canary.git import commands, rejection
from gitops_canary.git.editing import Draft
from gitops_canary.git.pack import build_pack
from gitops_canary.git.process import Finished, Runner


def store(runner: Runner, draft: Draft) -> Finished:
    """Store what a draft made; `rejection.is_unread` says what git's check may find fault with."""
    pack = build_pack(draft.made.values())
    finished = runner.run(commands.INDEX_PACK, stdin=pack)
    if rejection.is_unread(finished):
        return runner.run(commands.INDEX_PACK_UNCHECKED, stdin=pack)
    return finished
