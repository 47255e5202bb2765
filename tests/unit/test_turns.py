import os
import threading

from gitops_canary.app.turns import in_turns


def test_pieces_are_done_elsewhere_and_come_back_in_order() -> None:
    done = list(in_turns(lambda number: (number, os.getpid()), 5, processes=2))

    assert [number for number, _ in done] == list(range(5))
    assert os.getpid() not in {process for _, process in done}


def test_a_process_with_threads_is_not_copied() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    done = list(in_turns(lambda _: os.getpid(), 3, processes=2))
    end.set()
    thread.join()

    assert set(done) == {os.getpid()}
