"""New objects on their way into the clone: few as files, many as one pack that git checks."""

import os
import pathlib
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from gitops_canary.errors import Unavailable
from gitops_canary.git import commands, rejection
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made, build_indexed, build_pack
from gitops_canary.git.process import Runner
from gitops_canary.git.wide import WIDE

FEW = 24
"""So many objects, a move or two with their evidence, cost less as files than a process does."""
_READ_ONLY = 0o444
_ATTEMPTS = 3


@contextmanager
def storing(runner: Runner, draft: Draft, commits: int) -> Iterator[Callable[[], None]]:
    """Begin to store what a draft made, to which so many commits will be added.

    Gives what stores them too and waits for all of it, and raises Unavailable where the clone does
    not take it. Files and directories go through git, which checks how they are told; commits are
    told as they are.

    Raises:
        Unavailable: this machine cannot start git now.
    """
    objects = runner.surroundings.git_dir / "objects"
    begun = dict(draft.made)
    if len(begun) + commits <= FEW:
        yield lambda: _store_loose(objects, draft.made)
        return
    pack = build_pack(begun.values())
    with runner.beside([commands.INDEX_PACK], stdin=pack) as wait:

        def finish() -> None:
            late = {name: made for name, made in draft.made.items() if name not in begun}
            if len(late) <= FEW:
                _store_loose(objects, late)
            else:
                _store_packed(objects / "pack", late)
            [finished] = wait()
            if rejection.is_unread(finished):
                finished = runner.run(commands.INDEX_PACK_UNCHECKED, stdin=pack)
            if not finished.ok:
                raise _full(rejection.said(finished.err))

        yield finish


def _store_packed(place: pathlib.Path, made: Mapping[ObjectId, Made]) -> None:
    """Write whole objects as a pack of their own; git finds it by its index, which comes last."""
    pack, index = build_indexed(made)
    try:
        for data, suffix in ((pack, "pack"), (index, "idx")):
            _write(place, place / f"pack-{pack[-20:].hex()}.{suffix}", data)
    except OSError as error:
        raise _full(str(error.strerror)) from error


def _store_loose(place: pathlib.Path, made: Mapping[ObjectId, Made]) -> None:
    """Write objects as git does: each whole under another name, then by its own.

    What is wide is mostly ids, which take long to compress and get little smaller.
    """
    try:
        for name, one in made.items():
            file = place / name[:2] / name[2:]
            if not file.exists():
                data = b"%s %d\0%s" % (one.kind.value, len(one.body), one.body)
                _write(place, file, zlib.compress(data, 1 if len(data) < WIDE else 0))
    except OSError as error:
        raise _full(str(error.strerror)) from error


def _write(place: pathlib.Path, file: pathlib.Path, data: bytes) -> None:
    # The prefix is git's own, so that its upkeep clears away what a crash leaves.
    descriptor, name = tempfile.mkstemp(prefix="tmp_obj_", dir=place)
    fresh = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
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
        remedy="look at the disk; the next look makes the clone anew",
    )
