"""Pieces of work in processes of their own."""

import os
import signal
from pathlib import Path

import pytest

from .apart import each

# pytest-xdist has a thread of its own, which a process that forks is warned of since Python 3.12.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def wait_for(piece: tuple[Path, bool]) -> int:
    """Say who this is; stay for good, or go as soon as the other one is there."""
    file, stays = piece
    pipe = file.with_suffix(".pipe")
    if stays:
        file.write_text(str(os.getpid()))
        pipe.open("w").close()  # once the other one reads
        signal.pause()
    pipe.read_text()  # until the one that stays has been there
    return os.getpid()


def die(piece: int) -> int:
    """End as a process does that ran out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return piece


def ident(piece: int) -> tuple[int, int]:
    """Say who did which piece."""
    return piece, os.getpid()


def test_each_piece_is_done_once_by_a_process_of_its_own() -> None:
    done = dict(each(ident, range(5), 2))

    assert sorted(done) == [0, 1, 2, 3, 4]
    assert len(set(done.values()) - {os.getpid()}) == len(done)


def test_a_process_that_dies_is_told_with_its_piece() -> None:
    with pytest.raises(RuntimeError, match=r"^7: it ended with -9$"):
        list(each(die, [7], 2))


def test_who_has_seen_enough_leaves_no_process_behind(tmp_path: Path) -> None:
    file = tmp_path / "stays"
    os.mkfifo(file.with_suffix(".pipe"))
    outcomes = each(wait_for, [(file, True), (file, False)], 2)

    next(outcomes)
    outcomes.close()

    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)
