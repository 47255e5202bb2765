"""The process itself: it ends when told to, and holds nothing more after many ticks."""

import pathlib
import signal
import time

import pytest

from .soaking import soak
from .stage import children, kill, stage, until

STOP_S = 60
TICKS = 120


@pytest.mark.parametrize("fault", ["late", "silent"])
def test_sigterm_in_the_middle_of_a_push_ends_it_in_time(
    tmp_path: pathlib.Path, fault: str
) -> None:
    with stage(tmp_path) as place:
        if fault == "late":
            place.origin.faults.delay(3, times=2, service="git-receive-pack")
        else:
            place.origin.faults.stall(times=10, service="git-receive-pack")
        place.release()
        process = place.start()
        try:
            pushing = lambda: any("git-receive-pack" in r for r in place.origin.requests)  # noqa: E731 - read below
            until(pushing, "a push", place)
            below = children(process.pid)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert process.wait(90) == 0, place.tail()
            assert time.monotonic() - began < STOP_S
            assert not [pid for pid in below if pathlib.Path(f"/proc/{pid}").exists()]
        finally:
            kill(process)


@pytest.mark.timeout(300)
def test_hundreds_of_ticks_leave_nothing_behind(tmp_path: pathlib.Path) -> None:
    with stage(tmp_path, poll="100ms") as place:
        first, last = soak(place, TICKS)
    print(first, last, sep="\n")
    assert last.descriptors <= first.descriptors + 3
    assert last.threads <= first.threads + 2
    assert last.children <= first.children + 2
    assert last.memory_kib <= first.memory_kib * 1.3 + 20_000
