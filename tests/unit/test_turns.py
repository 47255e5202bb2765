import json
import os
import subprocess
import sys
import threading

from gitops_canary.app.turns import in_turns

FRESH = """
import json, os
from gitops_canary.app.turns import in_turns
done = list(in_turns(lambda number: (number, os.getpid()), 5, processes=2))
print(json.dumps([os.getpid(), done]))
"""
"""Asked of a process of its own: other tests of this one may have left threads behind."""


def test_pieces_are_done_elsewhere_and_come_back_in_order() -> None:
    ran = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    own, done = json.loads(ran.stdout)

    assert [number for number, _ in done] == list(range(5))
    assert own not in {process for _, process in done}


def test_a_process_with_threads_is_not_copied() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    done = list(in_turns(lambda _: os.getpid(), 3, processes=2))
    end.set()
    thread.join()

    assert set(done) == {os.getpid()}
