"""New objects on their way into the clone: few as files, many as one pack that git checks."""

import os
import pathlib
import tempfile
import zlib
from collections.abc import Mapping

from gitops_canary.errors import Unavailable
from gitops_canary.git import commands, rejection
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made, build_pack
from gitops_canary.git.process import Runner

FEW = 24
"""So many objects, a move or two with their evidence, cost less as files than a process does."""
_READ_ONLY = 0o444
_ATTEMPTS = 3


def store(runner: Runner, draft: Draft) -> None:
    """Store what a draft made.

    Raises:
        Unavailable: the clone does not take it.
    """
    if len(draft.made) <= FEW:
        _store_loose(runner.surroundings.git_dir / "objects", draft.made)
        return
    pack = build_pack(draft.made.values())
    finished = runner.run(commands.INDEX_PACK, stdin=pack)
    if rejection.is_unread(finished):
        finished = runner.run(commands.INDEX_PACK_UNCHECKED, stdin=pack)
    if not finished.ok:
        raise _full(rejection.said(finished.err))


def _store_loose(place: pathlib.Path, made: Mapping[ObjectId, Made]) -> None:
    """Write objects as git does: each whole under another name, then by its own."""
    try:
        for name, one in made.items():
            file = place / name[:2] / name[2:]
            if not file.exists():
                _write(place, file, b"%s %d\0%s" % (one.kind.value, len(one.body), one.body))
    except OSError as error:
        raise _full(str(error.strerror)) from error


def _write(place: pathlib.Path, file: pathlib.Path, data: bytes) -> None:
    # The prefix is git's own, so that its upkeep clears away what a crash leaves.
    descriptor, name = tempfile.mkstemp(prefix="tmp_obj_", dir=place)
    fresh = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(zlib.compress(data, 1))
            os.fchmod(descriptor, _READ_ONLY)
        _name(fresh, file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _name(fresh: pathlib.Path, file: pathlib.Path) -> None:
    """Give a file its name; upkeep may take the empty directory away just before."""
    for attempt in range(_ATTEMPTS):
        file.parent.mkdir(exist_ok=True)
        try:
            fresh.replace(file)
        except FileNotFoundError:
            if attempt == _ATTEMPTS - 1:
                raise
            continue
        return


def _full(why: str) -> Unavailable:
    return Unavailable(
        f"the new commits cannot be stored: {why}",
        remedy="look at the disk; the next tick makes the clone anew",
    )
